"""Persistent sessions whose clients are away: what the broker queues for them is the backlog."""

from __future__ import annotations

from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TOPICS = "machines/+/hours"
V3, V5 = "3.1.1", "5"
DEFAULT_WINDOW, LARGE_WINDOW = 20, 2000
_A_DAY_S = 86_400


def broker_settings(window: int) -> dict[str, str | None]:
    """What is other than in the shipped configuration: nothing is written to disk, and the window."""
    return {"persistence": "false", "max_inflight_messages": str(window)}


def client_of(client_id: str, protocol: str) -> paho.Client:
    """A client with a persistent session that acknowledges by hand."""
    version = MQTTProtocolVersion.MQTTv5 if protocol == V5 else MQTTProtocolVersion.MQTTv311
    clean = None if protocol == V5 else False
    return paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=version, manual_ack=True, clean_session=clean)


def session_of(protocol: str, receive_maximum: int = 0) -> dict[str, Any]:
    """What paho's `connect` is told to find its session again; receive maximum 0: none is sent."""
    if protocol != V5:
        return {}
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = _A_DAY_S
    if receive_maximum:
        properties.ReceiveMaximum = receive_maximum
    return {"clean_start": False, "properties": properties}


def make_session(port: int, client_id: str, protocol: str, topics: str = TOPICS) -> None:
    """A session with our subscription, for a client that comes later."""
    client = client_of(client_id, protocol)

    def subscribe(client: paho.Client, *_: object) -> None:
        client.subscribe(topics, 1)

    def leave(client: paho.Client, *_: object) -> None:
        client.disconnect()

    client.on_connect = subscribe
    client.on_subscribe = leave
    client.connect("127.0.0.1", port, **session_of(protocol))
    client.loop_forever()
