"""What every way out promises."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from notifications.letter import Letter, Rendered


class DeliveryFailed(Exception):  # noqa: N818 - it is an outcome, not a fault of the program
    """A letter did not go out.

    `reason` says why in one line, for people; `permanent` that another attempt would fail as well;
    `retry_after_s` how many seconds the other side asks us to wait.
    """

    def __init__(self, reason: str, *, permanent: bool, retry_after_s: float = 0.0) -> None:
        """Keep them; the reason is the message."""
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class Channel(Protocol):
    """One way out; `name` is how the outbox knows it."""

    @property
    def name(self) -> str:
        """The channel's name."""

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> str | None:
        """Send one letter, dated `now` (with a zone), and return when it is in the next one's hands.

        Returns what the other side answered, in one line, if it says anything. Raises DeliveryFailed if it is not.
        """
