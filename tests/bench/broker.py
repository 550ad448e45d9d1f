"""A Mosquitto of our own that queues without limit, on a port that nobody else uses."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TOPICS = "machines/+/hours"
DEFAULT_WINDOW = 20
LARGE_WINDOW = 2000
_A_DAY_S = 86_400
_STARTS_WITHIN_S = 10.0


@contextmanager
def broker(folder: Path, window: int = DEFAULT_WINDOW) -> Iterator[int]:
    """Mosquitto with this many messages in flight per client; gives its port."""
    port = free_port()
    conf = folder / f"mosquitto-{port}.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        f"max_queued_messages 0\nmax_inflight_messages {window}\nlog_type error\n"
    )
    process = subprocess.Popen(["mosquitto", "-c", conf])
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def make_session(port: int, client_id: str, *, version_5: bool) -> None:
    """A persistent session with our subscription, whose client is away."""
    version = MQTTProtocolVersion.MQTTv5 if version_5 else MQTTProtocolVersion.MQTTv311
    clean = {} if version_5 else {"clean_session": False}
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=version, **clean)
    client.on_connect = lambda *_: client.subscribe(TOPICS, 1)
    client.on_subscribe = lambda *_: client.disconnect()
    client.connect("127.0.0.1", port, **session_of(version_5=version_5))
    client.loop_forever()


def session_of(*, version_5: bool, receive_maximum: int | None = None) -> dict[str, object]:
    """What paho's `connect` is told to find its session again."""
    if not version_5:
        return {}
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = _A_DAY_S
    if receive_maximum:
        properties.ReceiveMaximum = receive_maximum
    return {"clean_start": False, "properties": properties}


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    end = time.monotonic() + _STARTS_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
