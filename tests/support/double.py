"""A server that speaks just enough MQTT 3.1.1 to send what no real broker lets through, and to note what comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ = 1, 3, 4, 8, 12
_ANSWERS = {CONNECT: b"\x20\x02\x00\x00", PINGREQ: b"\xd0\x00"}


class Session:
    """One connection of the client; `acknowledged` are the packet numbers it has acknowledged, in order."""

    def __init__(self, link: socket.socket, granted: int) -> None:
        self.link = link
        self._granted = bytes([granted])
        self.acknowledged: list[int] = []
        self.subscribed = threading.Event()
        self.ended = threading.Event()

    def deliver(self, topic: bytes, payload: bytes, mid: int) -> None:
        """Send a message with QoS 1, whatever bytes topic and payload are."""
        body = len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + payload
        assert len(body) < 1 << 14
        self.link.sendall(bytes([0x32, len(body) & 0x7F | 0x80, len(body) >> 7]) + body)

    def cut(self) -> None:
        """Break the connection."""
        with suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)
        self.link.close()

    def serve(self) -> None:
        """Read packets until the connection ends."""
        with suppress(OSError):
            reader = self.link.makefile("rb")
            while head := reader.read(2):
                self._take(head[0] >> 4, reader.read(head[1]))
        self.ended.set()

    def _take(self, kind: int, body: bytes) -> None:
        """Our client's packets to a server are all shorter than 128 bytes."""
        if kind == PUBACK:
            self.acknowledged.append(int.from_bytes(body[:2], "big"))
        elif kind == SUBSCRIBE:
            self.link.sendall(b"\x90\x03" + body[:2] + self._granted)
            self.subscribed.set()
        elif kind == PUBLISH:
            topic_ends = 2 + int.from_bytes(body[:2], "big")
            self.link.sendall(b"\x40\x02" + body[topic_ends : topic_ends + 2])
        elif kind in _ANSWERS:
            self.link.sendall(_ANSWERS[kind])


class Double:
    """The server; `sessions` are the connections so far, `granted` is the answer to subscriptions (0x80: refused)."""

    def __init__(self, granted: int) -> None:
        self._granted = granted
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sessions: list[Session] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                session = Session(self._listener.accept()[0], self._granted)
                self.sessions.append(session)
                self._threads.append(threading.Thread(target=session.serve))
                self._threads[-1].start()

    def close(self) -> None:
        """End everything."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for session in self.sessions:
            session.cut()
        for thread in self._threads:
            thread.join()


@contextmanager
def double(granted: int = 1) -> Iterator[Double]:
    """A server that is ended afterwards."""
    server = Double(granted)
    try:
        yield server
    finally:
        server.close()
