"""Publishes at QoS 1 over a raw socket, many messages in flight: faster than what it is to load."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator
from itertools import islice

from tests.support.publisher import Message, connect_frame, publish_frame

_PUBACK_BYTES = 4
_AT_ONCE = 500
_MOST_IN_FLIGHT = 5000
_MOST_MID = 65_535


class Pipeline:
    """One connection, used from one thread; it keeps no ledger."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(connect_frame(b"machines"))
        if self._socket.recv(_PUBACK_BYTES, socket.MSG_WAITALL) != b"\x20\x02\x00\x00":
            message = "the broker does not let the publisher in"
            raise ConnectionRefusedError(message)
        self._sent = 0
        self._acknowledged_bytes = 0

    def publish(self, messages: Iterable[Message]) -> None:
        """Publish all as fast as the broker takes them; returns when every one is acknowledged."""
        frames = self._frames(messages)
        while chunk := b"".join(islice(frames, _AT_ONCE)):
            self._socket.sendall(chunk)
            self._wait_for_all_but(_MOST_IN_FLIGHT)
        self._wait_for_all_but(0)

    def publish_evenly(self, messages: Iterable[Message], per_second: float) -> list[int]:
        """Publish one after the other; when each was sent, in ns of the monotonic clock."""
        began, sent = time.monotonic_ns(), []
        for number, frame in enumerate(self._frames(messages)):
            while (early := began + int(number * 1e9 / per_second) - time.monotonic_ns()) > 0:
                time.sleep(early / 1e9)
            sent.append(time.monotonic_ns())
            self._socket.sendall(frame)
            self._wait_for_all_but(_AT_ONCE)
        self._wait_for_all_but(0)
        return sent

    def close(self) -> None:
        """The broker needs no goodbye from a clean session."""
        self._socket.close()

    def _frames(self, messages: Iterable[Message]) -> Iterator[bytes]:
        for message in messages:
            self._sent += 1
            yield publish_frame(message, (self._sent - 1) % _MOST_MID + 1)

    def _wait_for_all_but(self, most_in_flight: int) -> None:
        while self._sent - self._acknowledged_bytes // _PUBACK_BYTES > most_in_flight:
            received = self._socket.recv(1 << 16)
            if not received:
                message = "the broker has closed the publisher's connection"
                raise ConnectionResetError(message)
            self._acknowledged_bytes += len(received)


def publish(port: int, messages: Iterable[Message]) -> None:
    """Publish all over a connection of their own."""
    pipeline = Pipeline(port)
    pipeline.publish(messages)
    pipeline.close()
