"""A fast MQTT 3.1.1 publisher that keeps a ledger of what the broker has acknowledged."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.support.waiting import until

_MOST_IN_FLIGHT = 500
_PUBACK = 0x40
_PINGREQ = b"\xc0\x00"
_PINGRESP = b"\xd0\x00"
_DISCONNECT = b"\xe0\x00"


@dataclass(frozen=True, slots=True)
class Message:
    """What a machine sends."""

    topic: bytes
    payload: bytes
    qos: int = 1
    retain: bool = False


class Publisher:
    """One connection; `acknowledged` is the ledger: every QoS 1 message for which the broker took responsibility.

    A broken connection is opened again, and what was not acknowledged is sent once more.
    """

    def __init__(self, port: int, client_id: str = "machines", host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._client_id = client_id.encode()
        self._socket: socket.socket | None = None
        self._read = b""
        self._in_flight: dict[int, Message] = {}
        self._next = 0
        self.acknowledged: list[Message] = []

    def publish(self, messages: Iterable[Message]) -> None:
        """Send all; returns when the broker has acknowledged every one of QoS 1."""
        waiting = list(messages)[::-1]
        while waiting or self._in_flight:
            try:
                self._send_some(waiting)
                if self._in_flight:
                    self._receive()
            except OSError:
                self._start_over(waiting)

    def offer(self, message: Message) -> bool:
        """Send one message that a broker may refuse to take at all; whether the connection outlived it."""
        self.publish(())
        try:
            self._send_some([message])
            self._connected().sendall(_PINGREQ)
            while self._in_flight or _PINGRESP not in self._read:
                self._receive()
        except OSError:
            self.close()
            self._in_flight.clear()
            return False
        self._read = b""
        return True

    def _send_some(self, waiting: list[Message]) -> None:
        frames = bytearray()
        mids: list[int] = []
        batch: list[Message] = []
        while waiting and len(self._in_flight) < _MOST_IN_FLIGHT:
            message = waiting.pop()
            self._next = self._next % 65535 + 1
            if message.qos:
                self._in_flight[self._next] = message
            mids.append(self._next)
            batch.append(message)
            frames += publish_frame(message, self._next)
        self._connected().sendall(frames)

    def _receive(self) -> None:
        data = self._connected().recv(1 << 16)
        if not data:
            message = "the broker has closed the connection"
            raise ConnectionResetError(message)
        self._read += data
        at = 0
        while len(self._read) >= at + 4 and self._read[at] == _PUBACK:
            acknowledged = self._in_flight.pop(int.from_bytes(self._read[at + 2 : at + 4], "big"))
            self.acknowledged.append(acknowledged)
            at += 4
        self._read = self._read[at:]

    def _start_over(self, waiting: list[Message]) -> None:
        self.close()
        waiting.extend(list(self._in_flight.values())[::-1])
        self._in_flight.clear()

    def _connected(self) -> socket.socket:
        if self._socket is not None:
            return self._socket
        opened = until(self._try_to_connect, "the broker takes connections")
        assert opened is not None
        self._socket, self._read = opened, b""
        return opened

    def _try_to_connect(self) -> socket.socket | None:
        try:
            opened = socket.create_connection(self._address, timeout=30)
        except OSError:
            return None
        with suppress(OSError):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.sendall(connect_frame(self._client_id))
            answer = opened.recv(4, socket.MSG_WAITALL)
            if answer[:2] == b"\x20\x02" and answer[3:] == b"\x00":
                return opened
        opened.close()
        return None

    def close(self) -> None:
        """Say goodbye."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.sendall(_DISCONNECT)
            self._socket.close()
            self._socket = None


def connect_frame(client_id: bytes) -> bytes:
    """CONNECT of MQTT 3.1.1 with a clean session and no keepalive."""
    body = _text(b"MQTT") + b"\x04\x02\x00\x00" + _text(client_id)
    return b"\x10" + _length(len(body)) + body


def publish_frame(message: Message, mid: int) -> bytes:
    """PUBLISH; `mid` is left out for QoS 0."""
    body = _text(message.topic) + (mid.to_bytes(2, "big") if message.qos else b"") + message.payload
    return bytes([0x30 | message.qos << 1 | message.retain]) + _length(len(body)) + body


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _length(length: int) -> bytes:
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(digits)


def publish(port: int, messages: Sequence[Message]) -> list[Message]:
    """Send messages over a connection of their own; those the broker has acknowledged."""
    publisher = Publisher(port)
    publisher.publish(messages)
    publisher.close()
    return publisher.acknowledged
