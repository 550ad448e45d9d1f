"""The mail server of the tests, and what it has taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from tests.notifications.mail_server import Script, mail_server

SENDER = "hourkeeper@dealer.example"


@dataclass
class Mailbox:
    """A mail server's port and the letters it has accepted, every copy of them."""

    port: int
    script: Script

    @property
    def letters(self) -> list[tuple[str, EmailMessage]]:
        """Recipient's address and message, in order of arrival."""
        return [(to, message) for _sender, recipients, message in list(self.script.accepted) for to in recipients]

    @property
    def settings(self) -> dict[str, Any]:
        """`notifications.email` of a daemon that sends here."""
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "sender": SENDER}


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes everything."""
    script = Script()
    with mail_server(script) as port:
        yield Mailbox(port, script)
