"""Publishes at QoS 1 over a raw socket, many messages in flight: faster than what it is to load."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable, Iterator
from itertools import islice

_CONNECT, _PUBLISH_QOS_1, _PUBACK, _DISCONNECT = 0x10, 0x32, 0x40, 0xE0
_PUBACK_BYTES = 4
_AT_ONCE = 500
_MOST_IN_FLIGHT = 5000
_MOST_MID = 65_535
Message = tuple[bytes, bytes]
"""Topic and payload."""


class Publisher:
    """One connection (MQTT 3.1.1, clean session), used from one thread."""

    def __init__(self, port: int, client_id: str = "publisher") -> None:
        """Connect and wait for the broker's consent."""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = client_id.encode()
        self._socket.sendall(_packet(_CONNECT, b"\x00\x04MQTT\x04\x02\x00\x3c" + _text(name)))
        if self._socket.recv(4) != b"\x20\x02\x00\x00":
            raise ConnectionRefusedError(client_id)
        self._sent = 0
        self._acknowledged_bytes = 0

    def publish(self, messages: Iterable[Message]) -> None:
        """Publish all as fast as the broker takes them; returns when every one is acknowledged."""
        waiting = iter(messages)
        while chunk := b"".join(self._packets(islice(waiting, _AT_ONCE))):
            self._socket.sendall(chunk)
            self._await(_MOST_IN_FLIGHT)
        self._await(0)

    def publish_at(self, messages: Iterable[Message], per_second: float) -> list[int]:
        """Publish evenly; when each was sent, in ns of the monotonic clock."""
        began, sent = time.monotonic_ns(), []
        for number, packet in enumerate(self._packets(messages)):
            while (early := began + int(number * 1e9 / per_second) - time.monotonic_ns()) > 0:
                time.sleep(early / 1e9)
            sent.append(time.monotonic_ns())
            self._socket.sendall(packet)
            self._await(_AT_ONCE)
        self._await(0)
        return sent

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(bytes((_DISCONNECT, 0)))
        self._socket.close()

    def _packets(self, messages: Iterable[Message]) -> Iterator[bytes]:
        for topic, payload in messages:
            mid = self._sent % _MOST_MID + 1
            self._sent += 1
            yield _packet(_PUBLISH_QOS_1, _text(topic) + struct.pack("!H", mid) + payload)

    def _await(self, most_in_flight: int) -> None:
        while self._sent - self._acknowledged_bytes // _PUBACK_BYTES > most_in_flight:
            received = self._socket.recv(1 << 16)
            if not received:
                raise ConnectionResetError("the broker has closed the publisher's connection")
            self._acknowledged_bytes += len(received)


def _text(text: bytes) -> bytes:
    return struct.pack("!H", len(text)) + text


def _packet(kind: int, body: bytes) -> bytes:
    head, length = bytearray((kind,)), len(body)
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(head) + body
