"""Around everything: no request is longer than allowed, and every answer tells the browser to be careful."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.web.problems import problem

TOO_LONG = "content too large"
_DIGITS = 18
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


class TooLongError(HTTPException):
    """More was sent than is taken; whoever was reading the body passes an error of HTTP on."""

    def __init__(self, most: int) -> None:
        """Say how much is taken, in bytes."""
        super().__init__(413, f"a request has at most {most // 1024} kB")


class Guard:
    """An ASGI middleware: `max_body` in bytes, `max_upload` of forms that may bring photos."""

    def __init__(self, app: ASGIApp, max_body: int, max_upload: int) -> None:
        self._app = app
        self._most, self._most_uploaded = max_body, max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it as too long."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                _be_careful(message)
            await send(message)

        most = self._most_of(scope)
        if _says_too_long(scope, most):
            error = TooLongError(most)
            await problem(error.status_code, TOO_LONG, error.detail)(scope, receive, careful)
        else:
            await self._app(scope, _counted(receive, most), careful)

    def _most_of(self, scope: Scope) -> int:
        is_form = Headers(scope=scope).get("content-type", "").startswith("multipart/form-data")
        return self._most_uploaded if is_form else self._most


def _says_too_long(scope: Scope, most: int) -> bool:
    said = Headers(scope=scope).get("content-length", "")
    return said.isdecimal() and int(said[:_DIGITS]) > most


def _counted(receive: Receive, most: int) -> Receive:
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise TooLongError(most)
        return message

    return counting


def _be_careful(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if headers.get("content-type", "").startswith(("text/html", "application/json", "application/problem")):
        headers.setdefault("Cache-Control", "no-store")
