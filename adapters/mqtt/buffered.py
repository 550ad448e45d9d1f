"""A socket that reads and writes in large pieces: paho asks for single bytes."""

from __future__ import annotations

import ssl
from socket import socket

_CHUNK = 1 << 18
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedSocket:
    """Stands in for a connected socket: reads come from a buffer that `fill` refills, writes are taken whole."""

    def __init__(self, raw: socket) -> None:
        """`raw` is connected, perhaps wrapped in TLS."""
        self._raw = raw
        self._in = memoryview(b"")
        self._out = bytearray()

    def fill(self) -> bool:
        """Read what has arrived; False if nothing has. An empty buffer after True means that the peer has closed."""
        try:
            self._in = memoryview(bytes(self._in) + self._raw.recv(_CHUNK))
        except _NOT_NOW:
            return False
        return True

    def recv(self, size: int) -> bytes:
        """At most `size` bytes; BlockingIOError if none have arrived."""
        if not self._in and not self.fill():
            raise BlockingIOError
        piece = self._in[:size].tobytes()
        self._in = self._in[size:]
        return piece

    def peek(self) -> memoryview:
        """What waits in the buffer."""
        return self._in

    def skip(self, size: int) -> None:
        """Drop so many bytes of what was peeked at."""
        self._in = self._in[size:]

    def pending(self) -> int:
        """How many bytes wait, here and decrypted in the TLS layer: those do not make the socket readable."""
        return len(self._in) or (self._raw.pending() if isinstance(self._raw, ssl.SSLSocket) else 0)

    def send(self, data: bytes | bytearray) -> int:
        """Take all of `data`, so that whole packets follow each other; what the peer cannot take yet is sent later."""
        self._out += data
        self.flush()
        return len(data)

    def flush(self) -> None:
        """Send as much as the peer takes now."""
        try:
            while self._out:
                del self._out[: self._raw.send(self._out)]
        except _NOT_NOW:
            return

    def wants_write(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    def fileno(self) -> int:
        """For `select`."""
        return self._raw.fileno()

    def close(self) -> None:
        """Close at once; what waits is lost."""
        self._raw.close()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the socket's own signature
        """As the socket's."""
        self._raw.setblocking(flag)

    def settimeout(self, seconds: float | None) -> None:
        """As the socket's."""
        self._raw.settimeout(seconds)
