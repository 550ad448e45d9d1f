"""Notices by e-mail, over SMTP, in the calling thread."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from notifications.channels.email_message import address_of, compose
from notifications.channels.smtp_errors import failure_of, login_failure
from notifications.letter import Letter, Rendered


class Security(StrEnum):
    """How the connection is protected: not, after STARTTLS, or from the first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server and how to use it.

    `sender` is the address letters come from; without `username` there is no login; `timeout_s` bounds the
    wait for the connection and for each answer, `whole_s` all of a delivery. `context` overrides the system's trusted
    certificates.
    """

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sender_name: str = "hourkeeper"
    timeout_s: float = 30.0
    whole_s: float = 600.0
    context: ssl.SSLContext | None = None


class _Punctual(smtplib.SMTP):
    """Says nothing once its time is over: whoever was stopped for long does not go on with what others have done."""

    is_too_late: Callable[[], bool]

    def send(self, s: Any) -> None:  # noqa: ANN401 - bytes or text, as smtplib has it
        """Send a command, or the whole letter; TimeoutError if it is too late."""
        if self.is_too_late():
            self.close()
            raise TimeoutError
        super().send(s)


class _PunctualTls(_Punctual, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class EmailChannel:
    """Sends each letter to its one recipient over a connection of its own."""

    name = "email"

    def __init__(self, server: MailServer, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds. Raises ValueError if the sender is not an e-mail address."""
        self._server = server
        self._monotonic = monotonic
        self._sender = address_of(server.sender, server.sender_name)

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
        """Hand the letter to the mail server; raises DeliveryFailed."""
        message = compose(letter, rendered, self._sender, now)
        to = message["To"].addresses[0].addr_spec
        with self._session() as smtp:
            smtp.send_message(message, self._sender.addr_spec, [to])

    def try_out(self) -> None:
        """Connect and log in, and send nothing; raises DeliveryFailed."""
        with self._session():
            pass

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection that is logged in; whatever goes wrong with it is a DeliveryFailed."""
        try:
            smtp = self._connected()
            try:
                self._log_in(smtp)
                yield smtp
            finally:
                _hang_up(smtp)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise failure_of(error, f"{self._server.host}:{self._server.port}") from error

    def _connected(self) -> smtplib.SMTP:
        server, ends = self._server, self._monotonic() + self._server.whole_s
        smtp: _Punctual
        if server.security is Security.TLS:
            smtp = _PunctualTls(server.host, server.port, timeout=server.timeout_s, context=self._context())
        else:
            smtp = _Punctual(server.host, server.port, timeout=server.timeout_s)
        smtp.is_too_late = lambda: self._monotonic() >= ends
        if server.security is Security.STARTTLS:
            self._encrypt(smtp)
        return smtp

    def _encrypt(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.starttls(context=self._context())
        except BaseException:
            smtp.close()
            raise

    def _context(self) -> ssl.SSLContext:
        return self._server.context or ssl.create_default_context()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        if self._server.username is None:
            return
        try:
            smtp.login(self._server.username, self._server.password or "")
        except smtplib.SMTPServerDisconnected:
            raise
        except (smtplib.SMTPException, UnicodeError) as error:
            raise login_failure(error, self._server.username) from error


def _hang_up(smtp: smtplib.SMTP) -> None:
    """Say goodbye; what goes wrong now no longer concerns the letter, which has been taken or refused."""
    with suppress(smtplib.SMTPException, OSError):
        smtp.quit()
    smtp.close()
