"""What every way out promises."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from notifications.letter import Letter, Rendered


class DeliveryFailed(Exception):  # noqa: N818 - it is an outcome, not a fault of the program
    """A letter did not go out.

    `reason` says why in one line, for people; `permanent` that another attempt would fail as well.
    """

    def __init__(self, reason: str, *, permanent: bool) -> None:
        """Keep both; the reason is the message."""
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


class Channel(Protocol):
    """One way out; `name` is how the outbox knows it."""

    @property
    def name(self) -> str:
        """The channel's name."""

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
        """Send one letter, dated `now` (with a zone), and return when it is in the next one's hands.

        Raises DeliveryFailed if it is not.
        """
