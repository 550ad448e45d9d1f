"""What the words storey needs from the store: letters to send, and a place to note what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from notifications.letter import Letter


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    """A letter that is ours to send over one channel until the lease ends; `token` proves it."""

    letter: Letter
    channel: str
    token: str


class Outbox(Protocol):
    """The notices that wait, by letter. Times are ms since the epoch, UTC."""

    def gather(self, now_ms: int) -> int:
        """Group the items that have waited long enough into letters; returns how many letters were made."""

    def claim(self, now_ms: int, lease_ms: int, channel: str | None = None) -> ClaimedLetter | None:
        """Take the next letter (of one channel) whose time has come, facts and address read afresh; None if there is
        none, or the channel may not have more yet.

        A letter whose lease has ended is there again.
        """

    def mark_sent(self, claim: ClaimedLetter, now_ms: int, subject: str, answer: str | None = None) -> None:
        """It went out, and this was answered."""

    def mark_retry(self, claim: ClaimedLetter, at_ms: int, reason: str) -> None:
        """It failed and is tried again at `at_ms`; counts as an attempt."""

    def mark_dead(self, claim: ClaimedLetter, reason: str) -> None:
        """It failed for good; it is kept and shown."""

    def mark_dropped(self, claim: ClaimedLetter, reason: str) -> None:
        """There is nothing left to tell."""
