"""`python -m tests.bench.smtp_sink`: an SMTP listener that takes every letter and keeps none.

It prints its port; when its input ends it prints how many letters it took, for how many recipients.
"""

from __future__ import annotations

import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.broker import free_port


class _Counter:
    """Counts what it is given."""

    def __init__(self) -> None:
        self.letters = 0
        self.recipients: set[str] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd looks for this name
        self.letters += 1
        self.recipients.update(envelope.rcpt_tos)
        return "250 taken"


def main() -> None:
    """Listen until the input ends."""
    counter, port = _Counter(), free_port()
    controller = Controller(counter, hostname="127.0.0.1", port=port)
    controller.start()
    print(port, flush=True)
    sys.stdin.read()
    controller.stop()
    print(counter.letters, len(counter.recipients), flush=True)


if __name__ == "__main__":
    main()
