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
    channel: str | None = None,
) -> bool:
    """Send the next letter (of one channel) and note what became of it; returns whether there was one.

    `now` gives ms since the epoch. A failing channel never raises here; a failing outbox does, and the letter
    is there again when its lease ends.
    """
    latest_ms = now() + policy.begin_within_ms
    claim = outbox.claim(now(), policy.lease_ms, channel)
    if claim is None:
        return False
    if claim.letter.says_nothing:
        _drop(outbox, claim)
        return True
    sent = _attempt(claim, channels, renderer, now, latest_ms)
    if isinstance(sent, DeliveryFailed):
        _note_failure(outbox, claim, sent, now(), policy)
    else:
        subject, answer = sent
        outbox.mark_sent(claim, now(), subject, answer)
        _log.info("notice_sent", **_about(claim), subject=subject, answer=answer)
    return True


def _drop(outbox: Outbox, claim: ClaimedLetter) -> None:
    reason = "nothing in it applies any more"
    outbox.mark_dropped(claim, reason)
    _log.info("notice_dropped", **_about(claim), reason=reason)


def _attempt(
    claim: ClaimedLetter, channels: Mapping[str, Channel], renderer: Renders, now: Callable[[], int], latest_ms: int
) -> tuple[str, str | None] | DeliveryFailed:
    """The subject that went out and what was answered, or why it did not."""
    channel = channels.get(claim.channel)
    if channel is None:
        return DeliveryFailed(f"there is no channel {claim.channel!r}; check the configuration", permanent=False)
    try:
        rendered = renderer.render(claim.letter)
        now_ms = now()
        if now_ms >= latest_ms:
            return DeliveryFailed("it was not ready in time: was this machine asleep, or overloaded?", permanent=False)
        answer = channel.deliver(claim.letter, rendered, _EPOCH + timedelta(milliseconds=now_ms))
    except DeliveryFailed as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - no fault of a channel may end the loop or lose the letter
        return DeliveryFailed(plain(f"{type(error).__name__}: {error}"), permanent=False)
    return rendered.subject, answer


def _note_failure(
    outbox: Outbox, claim: ClaimedLetter, failure: DeliveryFailed, now_ms: int, policy: RetryPolicy
) -> None:
    delay_ms = None if failure.permanent else policy.delay_ms(claim.letter.attempts + 1)
    if delay_ms is None:
        outbox.mark_dead(claim, failure.reason)
        _log.error("notice_failed", **_about(claim), reason=failure.reason)
    else:
        delay_ms = max(delay_ms, round(failure.retry_after_s * 1000))
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
