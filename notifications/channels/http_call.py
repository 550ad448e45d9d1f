"""One HTTP request to an address that was checked, bounded in time and size, without redirects or proxies.

The standard library's client is used because it lets us hand it the connection: to the very address that was checked,
with a deadline for the whole exchange (a timeout per read is no bound against a server that sends a byte at a time).
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from notifications.channels.channel import DeliveryFailed
from notifications.channels.network import Allowed, Resolve, callable_addresses, resolved
from notifications.plain import plain

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_BODY = 65_536
_MOST_REASON = 300
_LONGEST_WAIT_S = 86_400.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most what the caller reads; `retry_after_s` is 0 where nothing was asked."""

    status: int
    reason: str
    body: bytes
    retry_after_s: float
    location: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """How calls are made: whom they may reach, and for how many seconds each may last in all.

    `context` overrides the system's trusted certificates, `resolve` the system's resolver; of an answer's body
    `most_body` bytes are read.
    """

    trusted: Allowed = field(default_factory=Allowed)
    timeout_s: float = 15.0
    context: ssl.SSLContext | None = None
    resolve: Resolve = resolved
    most_body: int = _MOST_BODY

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status; DeliveryFailed if there is none.

        Plain `http` is spoken only to whom the operator has allowed.
        """
        parts = urlsplit(request.url)
        host, port = _place(parts)
        if parts.scheme != "https" and not self.trusted.names(host):
            raise DeliveryFailed(f"{host} is called by https only, unless it is named in `allow`", permanent=True)
        addresses = callable_addresses(host, port, self.trusted, self.resolve)
        deadline = time.monotonic() + self.timeout_s
        try:
            return self._exchanged(request, parts, (addresses, port), deadline)
        except (OSError, HTTPException) as error:
            raise DeliveryFailed(plain(_words(error, host), _MOST_REASON), permanent=False) from error
        except ValueError as error:
            reason = plain(f"the request to {host} cannot be written: {error}", _MOST_REASON)
            raise DeliveryFailed(reason, permanent=True) from error

    def _exchanged(
        self, request: Request, parts: SplitResult, places: tuple[list[str], int], deadline: float
    ) -> Answer:
        host, _ = _place(parts)
        connection = HTTPConnection(host, places[1])
        with _connected(*places, deadline) as bare, self._secured(bare, parts, host, deadline) as plugged:
            connection.sock = _Timed(plugged, deadline)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "hourkeeper", "Connection": "close"}
            connection.request(request.method, path, request.body, {**headers, **request.headers})
            response = connection.getresponse()
            wait_s = _wait_s(response.headers.get("Retry-After"))
            body = response.read(self.most_body)
            return Answer(response.status, response.reason, body, wait_s, response.headers.get("Location") or "")

    def _secured(self, bare: socket.socket, parts: SplitResult, host: str, deadline: float) -> socket.socket:
        if parts.scheme != "https":
            return bare
        bare.settimeout(_left_s(deadline))
        return (self.context or ssl.create_default_context()).wrap_socket(bare, server_hostname=host)


def _place(parts: SplitResult) -> tuple[str, int]:
    try:
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host, port = None, None
    if not host or port is None:
        raise DeliveryFailed("the url is no address such as https://example.com/hook", permanent=True)
    return host, port


def _connected(addresses: list[str], port: int, deadline: float) -> socket.socket:
    """A connection to the first of the checked addresses that takes one."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout=_left_s(deadline))
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout=_left_s(deadline))


def _left_s(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Timed:
    """What the client needs of a connection, each step bounded by what is left of the whole exchange's time."""

    def __init__(self, plugged: socket.socket, deadline: float) -> None:
        self._plugged = plugged
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send it all in the time that is left."""
        self._plugged.settimeout(_left_s(self._deadline))
        self._plugged.sendall(data)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """What is read, as a file."""
        return io.BufferedReader(_Reader(self._plugged, self._deadline))

    def close(self) -> None:
        """Nothing: who connected closes."""


class _Reader(io.RawIOBase):
    def __init__(self, plugged: socket.socket, deadline: float) -> None:
        self._plugged = plugged
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._plugged.settimeout(_left_s(self._deadline))
        return self._plugged.recv_into(buffer)


def _wait_s(asked: str | None) -> float:
    """Seconds that a Retry-After header asks for, at most a day; 0 if there is none to understand."""
    if not asked:
        return 0.0
    try:
        wait = float(asked) if asked.strip().isdigit() else _until_s(asked)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(wait, 0.0), _LONGEST_WAIT_S)


def _until_s(date: str) -> float:
    then = parsedate_to_datetime(date)
    return (then - datetime.now(then.tzinfo or UTC)).total_seconds()


def _words(error: Exception, host: str) -> str:
    if isinstance(error, ssl.SSLError):
        return f"no secure connection to {host}; check its certificate: {error}"
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time"
    return f"{host} cannot be reached or does not speak HTTP: {str(error) or type(error).__name__}"
