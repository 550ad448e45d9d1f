"""The one MQTT connection: persistent session, manual acknowledgement, batches that end when the socket runs dry.

One thread calls `run`. Everything happens in it, in this order: read what has arrived, hand the batch over to be
stored, acknowledge it (design 4). Nothing a callback raises can end the connection silently (pitfalls 1.1).
"""

from __future__ import annotations

import random
import select
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event
from typing import Any, cast

import structlog
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from adapters.mqtt.buffered import BufferedSocket
from adapters.mqtt.decode import Delivery
from adapters.mqtt.frame import Publish, publish_at_start
from adapters.mqtt.settings import MqttSettings, tls_context

_QOS = 1
_SESSION_KEPT_S = 30 * 86_400
_TAKEN_OVER = 0x8E
_PUBACK = struct.Struct(">HH")
_PUBACK_HEAD = 0x4002
"""Packet type 4 with two bytes to follow, the packet identifier: the same in MQTT 3.1.1 and 5."""
_NEW_SUBSCRIPTIONS_ONLY = 1
_SUSPICIOUS = 3
"""So many short connections in a row: Mosquitto 2.0 does not say that another client has taken our place."""
_TURN_S = 0.25
_STEADY_S = 10.0
"""A connection that ends sooner counts as a failed attempt: two clients with one id must not chase each other."""
_LONGEST_WAIT_S = 30.0
_LAST_WORDS_S = 1.0
log = structlog.get_logger("mqtt")


class StoreAwayError(Exception):
    """The store does not take a batch: it stays unacknowledged, and the broker sends it again later."""


class _Client(paho.Client):
    """paho over a buffered socket; messages are taken from the buffer whole, past paho's byte-wise reading."""

    buffered: BufferedSocket | None = None
    take: Callable[[Publish], None]

    def drop(self) -> None:
        """End the connection without a word, as if it had broken: the session and the last will stay in force."""
        self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)

    def _create_socket(self) -> Any:  # noqa: ANN401 - paho's own protocol of sockets
        self.buffered = BufferedSocket(cast("Any", super()._create_socket()))
        return self.buffered

    def _packet_read(self) -> MQTTErrorCode:
        sock = self.buffered
        if sock is None or self._in_packet["command"]:
            return super()._packet_read()
        publish = publish_at_start(sock.peek(), version_5=self._protocol is MQTTProtocolVersion.MQTTv5)
        if publish is None:
            return super()._packet_read()
        sock.skip(publish.size)
        self.take(publish)
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class Connection:
    """Receives deliveries and acknowledges what was stored.

    `store` commits a batch or raises StoreAwayError; `is_store_back` probes it; `clock` gives the ms of arrival.
    """

    def __init__(
        self,
        settings: MqttSettings,
        filters: Sequence[str],
        store: Callable[[Sequence[Delivery]], None],
        is_store_back: Callable[[], bool],
        clock: Callable[[], int],
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is connected yet. `begin` is called whenever a connection begins."""
        self._settings = settings
        self._filters = [f"$share/{settings.group}/{each}" if settings.group else each for each in filters]
        self._store = store
        self._is_store_back = is_store_back
        self._clock = clock
        self._begin = begin
        self._client = self._make_client()
        self._batch: list[Delivery] = []
        self._mids: list[int] = []
        self._greeted = False
        self._failures = 0
        self._since = 0.0
        self.turns = 0
        self.connected = Event()

    def run(self, stop: Event) -> None:
        """Receive until `stop` is set; then store and acknowledge what was received, say offline, and disconnect."""
        while not stop.is_set():
            self.turns += 1
            try:
                self._one_turn(stop)
            except Exception:
                log.exception("mqtt_turn_failed")
                self._failures += 1
                self._pause(stop)
        self._end()

    def publish(self, topic: str, payload: bytes) -> None:
        """Say something once, without waiting for an answer; only while a batch is stored."""
        self._client.publish(topic, payload)

    def _one_turn(self, stop: Event) -> None:
        try:
            self._turn()
        except StoreAwayError:
            self._leave("the store takes nothing")
            self._wait_for_store(stop)
        except OSError as error:
            self._leave(str(error))
        except Exception:
            self._leave("an unexpected fault")
            raise
        if not self._client.is_connected() and self._client.socket() is None:
            self._reconnect(stop)

    def _turn(self) -> None:
        """Read until the socket is dry or the batch is full, then store and acknowledge."""
        sock = self._client.buffered
        if sock is None or self._client.socket() is None:
            return
        writes = [sock] if sock.wants_write() or self._client.want_write() else []
        readable, writable, _ = select.select([sock], writes, [], 0 if sock.pending() else _TURN_S)
        if writable:
            sock.flush()
            self._client.loop_write()
        if readable or sock.pending():
            self._drain(sock)
        self._client.loop_misc()
        self._greet()

    def _drain(self, sock: BufferedSocket) -> None:
        read, batch, most = self._client.loop_read, self._batch, self._settings.batch
        dry = False
        while not dry:
            while sock.pending() and len(batch) < most:
                if read() is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return
            dry = len(batch) >= most or not sock.fill()
            if not dry and not sock.pending():
                read()  # the peer has closed: paho finds out by reading
                return
        self._store_and_acknowledge(sock)

    def _store_and_acknowledge(self, sock: BufferedSocket) -> None:
        """Commit, then acknowledge in the order of receipt; a lost connection has emptied the batch (pitfalls P5)."""
        if not self._batch:
            return
        self._store(self._batch)
        self._acknowledge(sock)
        self._forget()

    def _acknowledge(self, sock: BufferedSocket) -> None:
        sock.send(b"".join(_PUBACK.pack(_PUBACK_HEAD, mid) for mid in self._mids))

    def _forget(self) -> None:
        self._batch.clear()
        self._mids.clear()

    def _greet(self) -> None:
        """Subscribe and say online; outside paho's callbacks, where publishing may block."""
        if self._greeted or not self._client.is_connected():
            return
        self._greeted = True
        if self._settings.version_5:
            options = SubscribeOptions(qos=_QOS, retainHandling=_NEW_SUBSCRIPTIONS_ONLY)
            self._client.subscribe([(each, options) for each in self._filters])
        else:
            self._client.subscribe([(each, _QOS) for each in self._filters])
        self._client.publish(self._settings.status_topic, "online", _QOS, retain=True)

    def _on_publish(self, publish: Publish) -> None:
        try:
            topic: str | bytes = publish.topic.decode()
        except UnicodeDecodeError:
            topic = publish.topic
        repeated = publish.dup or publish.retain
        self._batch.append(Delivery(topic, publish.payload, self._clock(), repeated, publish.retain))
        if publish.mid is not None:
            self._mids.append(publish.mid)

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        """A message that came in pieces: paho has put it together."""
        topic, payload = bytes(message._topic), bytes(message.payload)  # noqa: SLF001 - `topic` raises if it is no text
        mid = message.mid if message.qos else None
        self._on_publish(Publish(topic, payload, mid, message.dup, message.retain, 0))

    def _on_connect(
        self, _client: paho.Client, _data: object, flags: paho.ConnectFlags, reason: ReasonCode, _p: object
    ) -> None:
        if reason.is_failure:
            log.error(
                "mqtt_refused",
                reason=str(reason),
                advice="check mqtt.username, mqtt.password_file and the broker's ACL",
            )
            return
        self._greeted = False
        self._begin()
        self._since = time.monotonic()
        self.connected.set()
        log.info("mqtt_connected", session_present=flags.session_present)
        if not flags.session_present:
            log.warning("mqtt_session_new", meaning="readings published while we were away may be missing")

    def _on_subscribe(self, _client: paho.Client, _data: object, _mid: int, reasons: list[Any], _p: object) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            log.error("mqtt_subscription_refused", reasons=refused, advice="give us read access in the broker's ACL")
        else:
            log.info("mqtt_subscribed", filters=self._filters)

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _p: object
    ) -> None:
        self._forget()
        steady = self.connected.is_set() and time.monotonic() - self._since >= _STEADY_S
        self._failures = 0 if steady else self._failures
        self.connected.clear()
        if reason.value == _TAKEN_OVER:
            self._failures += 5
            log.error("mqtt_taken_over", advice="another client uses our client id; give each its own mqtt.client_id")
        elif self._failures >= _SUSPICIOUS:
            log.error("mqtt_keeps_breaking", reason=str(reason), advice="does another client use our mqtt.client_id?")
        else:
            log.warning("mqtt_disconnected", reason=str(reason))

    def _leave(self, why: str) -> None:
        """Drop the connection without a word: unacknowledged messages come again with the next one."""
        log.warning("mqtt_left", why=why)
        self._forget()
        if self._client.socket() is not None:
            self._client.drop()

    def _wait_for_store(self, stop: Event) -> None:
        tries = 0
        while not stop.is_set() and not self._is_store_back():
            self.turns += 1
            tries += 1
            stop.wait(min(_LONGEST_WAIT_S, 0.5 * 2 ** min(tries, 6)))

    def _reconnect(self, stop: Event) -> None:
        if self._failures:
            self._pause(stop)
        self._failures += 1
        if stop.is_set():
            return
        try:
            self._client.connect(
                self._settings.host, self._settings.port, self._settings.keepalive_s, **self._session()
            )
        except (OSError, ValueError) as error:
            log.warning("mqtt_unreachable", host=self._settings.host, port=self._settings.port, error=str(error))

    def _pause(self, stop: Event) -> None:
        wait_s = min(_LONGEST_WAIT_S, 0.5 * 2 ** min(self._failures, 6))
        stop.wait(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads replicas, guards nothing

    def _session(self) -> dict[str, Any]:
        if not self._settings.version_5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_KEPT_S
        properties.ReceiveMaximum = self._settings.receive_maximum
        return {"clean_start": False, "properties": properties}

    def _end(self) -> None:
        """A clean stop: what was received is stored and acknowledged, the status says offline."""
        sock = self._client.buffered
        if sock is None or not self._client.is_connected():
            return
        try:
            self._store_and_acknowledge(sock)
        except StoreAwayError:
            log.warning("stopped_with_unstored_readings", meaning="they were not acknowledged; the broker keeps them")
        sock.settimeout(_LAST_WORDS_S)
        with suppress(OSError):
            self._client.publish(self._settings.status_topic, "offline", _QOS, retain=True)
            self._client.disconnect()

    def _make_client(self) -> _Client:
        settings = self._settings
        version = MQTTProtocolVersion.MQTTv5 if settings.version_5 else MQTTProtocolVersion.MQTTv311
        client = _Client(
            CallbackAPIVersion.VERSION2,
            settings.client_id,
            protocol=version,
            manual_ack=True,
            clean_session=None if settings.version_5 else False,
        )
        client.username_pw_set(settings.username, settings.password)
        client.will_set(settings.status_topic, "offline", _QOS, retain=True)
        client.take = self._on_publish
        client.on_message = self._on_message
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        if settings.ca_file or settings.cert_file:
            client.tls_set_context(tls_context(settings))
        return client
