"""Notices as lines of the log."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from notifications.channels.log import LogChannel
from notifications.letter import Rendered
from tests.notifications.making import facts, letter


def test_a_line_says_who_is_told_what_about_which_orders() -> None:
    both = letter(facts(), facts(machine_id="L2", step="1200"))

    with structlog.testing.capture_logs() as logs:
        LogChannel().deliver(both, Rendered("S", "t", "h"), datetime(2026, 11, 23, tzinfo=UTC))

    assert logs == [
        {
            "event": "notice",
            "log_level": "info",
            "letter_id": "N-17",
            "occasion": "visit_due",
            "role": "service_centre",
            "recipient": "SC7",
            "subject": "S",
            "orders": ["L1/mandatory_visit/600", "L2/mandatory_visit/1200"],
            "at": "2026-11-23T00:00:00+00:00",
        }
    ]
