"""Tries a broker out: can we log in, keep a session, and read what is configured? It takes nothing from the daemon.

It comes under a client id of its own, so that a running daemon keeps its session, and subscribes to the plain
topics, not to the group, so that nothing meant for the group is lost.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from adapters.mqtt.settings import MqttSettings, tls_context

VERSION_TOPIC = "$SYS/broker/version"
DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
_ABOUT = (VERSION_TOPIC, DROPPED_TOPIC)
_KEPT_S = 30 * 86_400
_NO_RETAINED = 2
_QUIET_S = 0.5
_KEEPALIVE_S = 60


@dataclass(slots=True)
class Probe:
    """What was found: `problem` ends it; `refused` are topic filters we may not read; `limits` what it cannot do.

    `about` holds what the broker tells of itself, and `status` what the daemon last said there.
    """

    problem: str | None = None
    refused: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    status: str | None = None


def probe(settings: MqttSettings, filters: Sequence[str], timeout_s: float = 10.0) -> Probe:
    """Connect, subscribe, listen for what the broker says of itself, and leave nothing behind."""
    return _Attempt(settings, filters, time.monotonic() + timeout_s).made()


class _Attempt:
    def __init__(self, settings: MqttSettings, filters: Sequence[str], until: float) -> None:
        self._settings = settings
        self._filters = filters
        self._until = until
        self._found = Probe()
        self._connected: bool | None = None
        self._answers: dict[int, list[Any]] = {}
        self._heard_at = time.monotonic()
        self._client = self._make_client()

    def made(self) -> Probe:
        """Go through it; what went wrong is in the result."""
        try:
            self._connect()
            if self._wait(lambda: self._connected is not None, "the broker does not answer") and self._connected:
                self._subscribe()
                self._listen()
                self._leave()
        except (OSError, ValueError) as error:
            self._found.problem = _words(error)
        return self._found

    def _make_client(self) -> paho.Client:
        settings = self._settings
        version = MQTTProtocolVersion.MQTTv5 if settings.version_5 else MQTTProtocolVersion.MQTTv311
        name = f"{settings.client_id}-doctor-{uuid4().hex[:6]}"
        client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=version)
        client.username_pw_set(settings.username, settings.password)
        client.on_connect, client.on_subscribe, client.on_message = (
            self._on_connect,
            self._on_subscribe,
            self._on_message,
        )
        if settings.ca_file or settings.cert_file:
            client.tls_set_context(tls_context(settings))
        client.connect_timeout = max(0.1, self._until - time.monotonic())
        return client

    def _connect(self) -> None:
        settings = self._settings
        if settings.version_5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = _KEPT_S
            self._client.connect(settings.host, settings.port, _KEEPALIVE_S, clean_start=True, properties=properties)
        else:
            self._client.connect(settings.host, settings.port, _KEEPALIVE_S)

    def _on_connect(self, _client: paho.Client, _data: object, _flags: object, reason: Any, properties: Any) -> None:  # noqa: ANN401 - paho's own
        self._connected = not reason.is_failure
        if reason.is_failure:
            self._found.problem = f"the broker refuses the login: {reason}"
        elif properties is not None:
            self._found.limits = list(_limits(self._settings, properties))

    def _on_subscribe(self, _client: paho.Client, _data: object, mid: int, reasons: list[Any], _p: object) -> None:
        self._answers[mid] = reasons

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if message.topic in _ABOUT:
            self._found.about[message.topic] = message.payload.decode("utf-8", "replace")
            self._heard_at = time.monotonic()
        elif message.topic == self._settings.status_topic:
            self._found.status = message.payload.decode("utf-8", "replace")

    def _subscribe(self) -> None:
        for topic in self._filters:
            options = SubscribeOptions(qos=1, retainHandling=_NO_RETAINED) if self._settings.version_5 else None
            reasons = self._answer(topic, options)
            if not reasons or reasons[0].is_failure:
                self._found.refused.append(topic)
            elif reasons[0].value < 1:
                self._found.limits.append(f"it grants only QoS 0 on {topic}: readings get lost")
            self._client.unsubscribe(topic)
        for topic in (*_ABOUT, self._settings.status_topic):
            self._answer(topic, SubscribeOptions(qos=0) if self._settings.version_5 else None)

    def _answer(self, topic: str, options: SubscribeOptions | None) -> list[Any]:
        _, mid = self._client.subscribe(topic, 1) if options is None else self._client.subscribe(topic, options=options)
        self._wait(lambda: mid in self._answers, f"the broker does not answer a subscription to {topic}")
        return self._answers.get(mid or 0, [])

    def _listen(self) -> None:
        """Retained messages come at once; half a second without one means there are no more."""
        self._heard_at = time.monotonic()
        while time.monotonic() < min(self._until, self._heard_at + _QUIET_S) and len(self._found.about) < len(_ABOUT):
            self._client.loop(0.1)

    def _leave(self) -> None:
        """The session asked for ends with this connection."""
        if self._settings.version_5:
            properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
            self._client.disconnect(properties=properties)
        else:
            self._client.disconnect()
        self._client.loop(0.1)

    def _wait(self, until: Callable[[], bool], otherwise: str) -> bool:
        while not until():
            code = self._client.loop(0.1)
            if until():
                return True
            if code != paho.MQTT_ERR_SUCCESS or time.monotonic() > self._until:
                self._found.problem = self._found.problem or otherwise
                return False
        return True


def _limits(settings: MqttSettings, properties: Any) -> list[str]:  # noqa: ANN401 - paho's own
    """What the broker says it does not do, of what we need."""
    found: list[str] = []
    kept_s = getattr(properties, "SessionExpiryInterval", _KEPT_S)
    if kept_s < _KEPT_S:
        found.append(f"it keeps our session for {kept_s} s only: readings get lost when the daemon is down for longer")
    if settings.group and not getattr(properties, "SharedSubscriptionAvailable", 1):
        found.append("it has no shared subscriptions: leave out mqtt.group")
    return found


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"no TLS connection: {error}; check mqtt.tls and the port"
    if isinstance(error, TimeoutError):
        return "no answer in time; check mqtt.host, mqtt.port and firewalls"
    return f"no connection: {error}; is the broker running, are mqtt.host and mqtt.port right?"
