"""A real SMTP listener in its own thread, which misbehaves as it is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG = "hang"
CUT = "cut"


@dataclass
class Script:
    """What the server answers at each point (None: yes), and what it has accepted."""

    greeting: str | None = None
    mail: str | None = None
    rcpt: str | None = None
    data: str | None = None
    quit: str | None = None
    accepted: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    at_recipient: Callable[[], object] = lambda: None
    """What happens before a recipient is answered."""
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    at_quit: int = 0


def _abort(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


class Handler:
    """Answers by the script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.released = asyncio.Event()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.script.mail:
            return self.script.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.script.at_recipient()
        if self.script.rcpt:
            return self.script.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.script.data == HANG:
            await self.released.wait()
        if self.script.data == CUT:
            _abort(server)
            return "250 never seen"
        if self.script.data and self.script.data != HANG:
            return self.script.data
        self._accept(envelope)
        return "250 taken"

    def _accept(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        message = BytesParser(policy=policy.default).parsebytes(content)
        assert isinstance(message, EmailMessage)
        self.script.accepted.append((str(envelope.mail_from), list(envelope.rcpt_tos), message))

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.script.at_quit += 1
        if self.script.quit == CUT:
            _abort(server)
        return self.script.quit or "221 bye"


class _Server(SMTP):
    """Greets as the script says."""

    async def push(self, status: str | bytes) -> None:
        line = status.decode() if isinstance(status, bytes) else status
        is_greeting = line.startswith("220 ") and not (self.session and self.session.host_name)
        await super().push(self.event_handler.script.greeting or line if is_greeting else line)


class _Controller(Controller):
    """On a port that the system chooses."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def mail_server(
    script: Script,
    *,
    password: bytes | None = None,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
) -> Iterator[int]:
    """A listener on 127.0.0.1 that follows the script; gives its port."""

    def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        script.logins.append((data.login, data.password))
        return AuthResult(success=data.password == password, handled=False)

    controller = _Controller(
        Handler(script),
        hostname="127.0.0.1",
        port=0,
        ssl_context=tls if implicit else None,
        tls_context=None if implicit else tls,
        require_starttls=tls is not None and not implicit,
        authenticator=login if password is not None else None,
        auth_required=password is not None,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.loop.call_soon_threadsafe(controller.handler.released.set)
        controller.stop()
