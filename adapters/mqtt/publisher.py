"""MQTT out: readings published at QoS 1, with so many at most on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from adapters.mqtt.settings import MqttSettings, tls_context

_QOS = 1
_CONNECT_WITHIN_S = 10.0
_TURN_S = 0.2


class BrokerAwayError(Exception):
    """The broker cannot be reached, or refuses us; says which and why."""


class Publisher:
    """One connection that publishes; a network thread of paho's own sends, and sends again after a break."""

    def __init__(self, settings: MqttSettings, in_flight: int, client_id: str = "") -> None:
        """`in_flight`: messages that may wait for their acknowledgement; the broker makes up a client id if need be."""
        self._settings = settings
        self._free = threading.Semaphore(in_flight)
        self._in_flight = in_flight
        self._greeted = threading.Event()
        self._refused: str | None = None
        self._refused_message: str | None = None
        self.connections = 0
        self.sent = 0
        self.acknowledged = 0
        version = MQTTProtocolVersion.MQTTv5 if settings.version_5 else MQTTProtocolVersion.MQTTv311
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=version)
        self._client.max_inflight_messages_set(in_flight)
        self._client.username_pw_set(settings.username, settings.password)
        if settings.ca_file or settings.cert_file:
            self._client.tls_set_context(tls_context(settings))
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def open(self) -> None:
        """Connect; BrokerAwayError if that does not succeed."""
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            self._client.connect(self._settings.host, self._settings.port, self._settings.keepalive_s)
        except (OSError, ValueError) as error:
            raise BrokerAwayError(f"the broker at {where} cannot be reached: {error}") from None
        self._client.loop_start()
        if not self._greeted.wait(_CONNECT_WITHIN_S) or self._refused is not None:
            self.close()
            raise BrokerAwayError(f"the broker at {where} refuses us: {self._refused or 'no answer'}")

    def await_retained(self, topic: str, payload: bytes, stop: Callable[[], bool]) -> bool:
        """Wait until a topic's retained message is this one; False if `stop` said so first."""
        seen = threading.Event()

        def look(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
            if message.payload == payload:
                seen.set()

        self._client.on_message = look
        self._client.subscribe(topic, _QOS)
        while not seen.wait(_TURN_S) and not stop():
            pass
        self._client.unsubscribe(topic)
        return seen.is_set()

    def publish(self, topic: str, payload: str, stop: Callable[[], bool], *, retain: bool = False) -> bool:
        """Hand one message over, waiting for room; False if `stop` said so first."""
        while not self._free.acquire(timeout=_TURN_S):
            if stop():
                return False
        self._client.publish(topic, payload.encode("utf-8", "replace"), _QOS, retain=retain)
        self.sent += 1
        return True

    def drain(self, within_s: float) -> bool:
        """Wait until everything is acknowledged; whether it was in time."""
        taken = 0
        for _ in range(self._in_flight):
            if not self._free.acquire(timeout=within_s):
                break
            taken += 1
        if taken:
            self._free.release(taken)
        return taken == self._in_flight

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _client: paho.Client, _data: object, _flags: object, reason: Any, _p: object) -> None:  # noqa: ANN401 - paho's reason codes
        self._refused = str(reason) if reason.is_failure else None
        self.connections += not reason.is_failure
        self._greeted.set()

    def take_refusal(self) -> str | None:
        """Why a message was not taken since this was asked last, None if all were; MQTT 3.1.1 does not tell."""
        refused, self._refused_message = self._refused_message, None
        return refused

    def _on_publish(self, _client: paho.Client, _data: object, _mid: int, reason: Any, _p: object) -> None:  # noqa: ANN401 - paho's reason codes
        if reason.is_failure:
            self._refused_message = str(reason)
        self.acknowledged += 1
        self._free.release()
