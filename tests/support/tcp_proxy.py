"""A TCP proxy that behaves badly when it is told to: it stalls, loses answers, is slow, cuts and refuses."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

_CHUNK = 65_536
_AT_ONCE = struct.pack("ii", 1, 0)
Address = tuple[str, int] | str
"""Host and port, or the path of a socket."""


class Mood(StrEnum):
    """How it treats what it is given."""

    PASSES = "passes everything on"
    STALLS = "keeps connections, and passes nothing on"
    LOSES_ANSWERS = "passes on what clients say, and no answer"
    IS_SLOW = "passes everything on a moment later"
    REFUSES = "lets nobody in"


class Proxy:
    """Listens on `port`; `target` may be set later than it."""

    def __init__(self, target: Address | None = None, slow_s: float = 0.3) -> None:
        self.target = target
        self._slow_s = slow_s
        self._mood = Mood.PASSES
        self._changed = threading.Condition()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self._accepting.start()

    def be(self, mood: Mood) -> None:
        """From now on."""
        with self._changed:
            self._mood = mood
            self._changed.notify_all()

    def cut(self) -> None:
        """Reset every connection."""
        with self._changed:
            cut, self._sockets = self._sockets, []
        for each in cut:
            _reset(each)

    def close(self) -> None:
        """End everything."""
        _shut(self._listener)
        self._accepting.join()
        self._listener.close()
        self.be(Mood.PASSES)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connected()
            if server is None:
                _reset(client)
                continue
            with self._changed:
                self._sockets += [client, server]
            for source, sink, answers in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, sink, answers), daemon=True).start()

    def _connected(self) -> socket.socket | None:
        if self._mood is Mood.REFUSES or self.target is None:
            return None
        try:
            if isinstance(self.target, tuple):
                return socket.create_connection(self.target)
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
        except OSError:
            return None
        return server

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if self._lets_pass(answers=answers):
                    sink.sendall(data)
        _shut(sink)

    def _lets_pass(self, *, answers: bool) -> bool:
        with self._changed:
            if self._mood is Mood.IS_SLOW:
                self._changed.wait(self._slow_s)
            self._changed.wait_for(lambda: self._mood is not Mood.STALLS)
            return not (answers and self._mood is Mood.LOSES_ANSWERS)


def _reset(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    _shut(each, socket.SHUT_RD)
    each.close()


def _shut(each: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(how)


@contextmanager
def proxy(target: Address | None = None) -> Iterator[Proxy]:
    """A proxy that runs, and is ended afterwards."""
    between = Proxy(target)
    try:
        yield between
    finally:
        between.close()
