"""Notices as lines of the log: for trying out, and as a trace beside the mail."""

from __future__ import annotations

from datetime import datetime

import structlog

from notifications.letter import Letter, Rendered

_log = structlog.stdlib.get_logger(__name__)


class LogChannel:
    """Writes one line per letter; it cannot fail."""

    name = "log"

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
        """Log who is told what about which orders (`MACHINE/KIND/STEP`)."""
        _log.info(
            "notice",
            letter_id=letter.letter_id,
            occasion=letter.occasion.value,
            role=letter.addressee.role.value,
            recipient=letter.addressee.recipient,
            subject=rendered.subject,
            orders=[f"{order.machine_id}/{order.kind}/{order.step}" for order in letter.orders],
            at=now.isoformat(),
        )
