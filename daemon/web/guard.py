"""Around everything: no request is longer than allowed, and every answer tells the browser to be careful."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.web.problems import problem

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


class TooLongError(Exception):
    """More was sent than is taken."""


class Guard:
    """An ASGI middleware: `max_body` in bytes."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self._app = app
        self._most = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it as too long."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def careful(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _be_careful(message)
            await send(message)

        try:
            self._refuse_if_said(scope)
            await self._app(scope, self._counted(receive), careful)
        except TooLongError:
            if not started:
                await self._too_long(scope, receive, careful)

    def _refuse_if_said(self, scope: Scope) -> None:
        said = Headers(scope=scope).get("content-length", "")
        if said.isdigit() and int(said) > self._most:
            raise TooLongError

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise TooLongError
            return message

        return counting

    async def _too_long(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = problem(413, "too long", f"a request has at most {self._most // 1024} kB")
        await answer(scope, receive, send)


def _be_careful(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if headers.get("content-type", "").startswith(("text/html", "application/json", "application/problem")):
        headers.setdefault("Cache-Control", "no-store")
