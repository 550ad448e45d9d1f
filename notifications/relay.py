"""From the outbox to the channels, one letter at a time, whatever the channels do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from notifications.channels.channel import Channel, DeliveryFailed
from notifications.letter import Letter, Rendered
from notifications.outbox import ClaimedLetter, Outbox
from notifications.plain import plain
from notifications.retry_policy import RetryPolicy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.stdlib.get_logger(__name__)


class Renders(Protocol):
    """Whoever puts a letter into words."""

    def render(self, letter: Letter) -> Rendered:
        """The letter in words."""


def deliver_one(
    outbox: Outbox,
    channels: Mapping[str, Channel],
    renderer: Renders,
    now: Callable[[], int],
    policy: RetryPolicy,
) -> bool:
    """Send the next letter and note what became of it; returns whether there was one.

    `now` gives ms since the epoch. A failing channel never raises here; a failing outbox does, and the letter
    is there again when its lease ends.
    """
    claim = outbox.claim(now(), policy.lease_ms)
    if claim is None:
        return False
    if claim.letter.says_nothing:
        _drop(outbox, claim)
        return True
    sent = _attempt(claim, channels, renderer, now())
    if isinstance(sent, Rendered):
        outbox.mark_sent(claim, now(), sent.subject)
        _log.info("notice_sent", **_about(claim), subject=sent.subject)
    else:
        _note_failure(outbox, claim, sent, now(), policy)
    return True


def _drop(outbox: Outbox, claim: ClaimedLetter) -> None:
    reason = "nothing in it applies any more"
    outbox.mark_dropped(claim, reason)
    _log.info("notice_dropped", **_about(claim), reason=reason)


def _attempt(
    claim: ClaimedLetter, channels: Mapping[str, Channel], renderer: Renders, now_ms: int
) -> Rendered | DeliveryFailed:
    """The words that went out, or why they did not."""
    channel = channels.get(claim.channel)
    if channel is None:
        return DeliveryFailed(f"there is no channel {claim.channel!r}; check the configuration", permanent=False)
    try:
        rendered = renderer.render(claim.letter)
        channel.deliver(claim.letter, rendered, _EPOCH + timedelta(milliseconds=now_ms))
    except DeliveryFailed as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - no fault of a channel may end the loop or lose the letter
        return DeliveryFailed(plain(f"{type(error).__name__}: {error}"), permanent=False)
    return rendered


def _note_failure(
    outbox: Outbox, claim: ClaimedLetter, failure: DeliveryFailed, now_ms: int, policy: RetryPolicy
) -> None:
    delay_ms = None if failure.permanent else policy.delay_ms(claim.letter.attempts + 1)
    if delay_ms is None:
        outbox.mark_dead(claim, failure.reason)
        _log.error("notice_failed", **_about(claim), reason=failure.reason)
    else:
        outbox.mark_retry(claim, now_ms + delay_ms, failure.reason)
        _log.warning("notice_delayed", **_about(claim), reason=failure.reason, delay_ms=delay_ms)


def _about(claim: ClaimedLetter) -> dict[str, object]:
    letter = claim.letter
    return {
        "letter_id": letter.letter_id,
        "occasion": letter.occasion.value,
        "recipient": letter.addressee.recipient,
        "channel": claim.channel,
        "attempt": letter.attempts + 1,
    }


__all__ = ["Channel", "ClaimedLetter", "Outbox", "Renders", "RetryPolicy", "deliver_one"]
