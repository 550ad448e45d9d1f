"""One letter from the outbox to a channel, whatever the channel does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
import structlog

from notifications.channels.channel import DeliveryFailed
from notifications.letter import Letter, Rendered
from notifications.relay import Channel, ClaimedLetter, Outbox, Renders, RetryPolicy, deliver_one
from tests.notifications.making import letter

START = 1_795_000_000_123
WORDS = Rendered("subject", "text", "html")


@dataclass
class Row:
    letter: Letter
    channel: str = "mail"
    at_ms: int = START
    state: str = "waiting"
    note: str = ""


class MemoryOutbox:
    """Letters in a list."""

    def __init__(self, *rows: Row) -> None:
        self.rows = list(rows)

    def gather(self, now_ms: int) -> int:
        return 0

    def claim(self, now_ms: int, lease_ms: int, channel: str | None = None) -> ClaimedLetter | None:
        for number, row in enumerate(self.rows):
            if row.state == "waiting" and row.at_ms <= now_ms and channel in (None, row.channel):
                row.at_ms = now_ms + lease_ms
                return ClaimedLetter(row.letter, row.channel, str(number))
        return None

    def mark_sent(self, claim: ClaimedLetter, now_ms: int, subject: str, answer: str | None = None) -> None:
        self._end(claim, "sent", subject).at_ms = now_ms

    def mark_retry(self, claim: ClaimedLetter, at_ms: int, reason: str) -> None:
        row = self._end(claim, "waiting", reason)
        row.at_ms = at_ms
        row.letter = replace(row.letter, attempts=row.letter.attempts + 1)

    def mark_dead(self, claim: ClaimedLetter, reason: str) -> None:
        self._end(claim, "dead", reason)

    def mark_dropped(self, claim: ClaimedLetter, reason: str) -> None:
        self._end(claim, "dropped", reason)

    def _end(self, claim: ClaimedLetter, state: str, note: str) -> Row:
        row = self.rows[int(claim.token)]
        row.state, row.note = state, note
        return row


@dataclass
class FakeChannel:
    """Takes letters, or fails as told."""

    failure: Exception | None = None
    name: str = "mail"
    taken: list[tuple[str, Rendered, datetime]] = field(default_factory=list)

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
        if self.failure:
            raise self.failure
        self.taken.append((letter.letter_id, rendered, now))


class FakeRenderer:
    def render(self, letter: Letter) -> Rendered:
        return WORDS


@dataclass
class Clock:
    now_ms: int = START

    def __call__(self) -> int:
        return self.now_ms


def relay(
    outbox: Outbox,
    channel: Channel,
    clock: Clock | None = None,
    renderer: Renders | None = None,
    policy: RetryPolicy | None = None,
) -> bool:
    return deliver_one(outbox, {"mail": channel}, renderer or FakeRenderer(), clock or Clock(), policy or RetryPolicy())


def test_an_empty_outbox_is_no_work() -> None:
    assert relay(MemoryOutbox(), FakeChannel()) is False


def test_a_letter_is_sent_once_and_noted() -> None:
    outbox, channel = MemoryOutbox(Row(letter())), FakeChannel()

    assert relay(outbox, channel) is True
    assert relay(outbox, channel) is False

    sent_at = datetime(2026, 11, 18, 11, 6, 40, 123000, tzinfo=UTC)
    assert channel.taken == [("N-17", WORDS, sent_at)]
    assert (outbox.rows[0].state, outbox.rows[0].note, outbox.rows[0].at_ms) == ("sent", "subject", START)


def test_one_call_sends_one_letter() -> None:
    outbox, channel = MemoryOutbox(Row(letter()), Row(letter(letter_id="N-18"))), FakeChannel()

    relay(outbox, channel)

    assert [row.state for row in outbox.rows] == ["sent", "waiting"]


def test_each_letter_takes_its_own_channel() -> None:
    outbox, mail, log = MemoryOutbox(Row(letter(), channel="log")), FakeChannel(), FakeChannel(name="log")

    deliver_one(outbox, {"mail": mail, "log": log}, FakeRenderer(), Clock(), RetryPolicy())

    assert (len(mail.taken), len(log.taken)) == (0, 1)


def test_a_letter_about_nothing_is_dropped_unsent() -> None:
    outbox, channel = MemoryOutbox(Row(replace(letter(), orders=()))), FakeChannel()

    assert relay(outbox, channel) is True
    assert channel.taken == []
    assert outbox.rows[0].state == "dropped"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (DeliveryFailed("mailbox busy", permanent=False), "mailbox busy"),
        (RuntimeError("boom\nsecond line"), "RuntimeError: boom second line"),
        (RecursionError(), "RecursionError:"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "no"), "UnicodeEncodeError: 'ascii' codec can't encode"),
    ],
)
def test_whatever_a_channel_raises_the_letter_waits(failure: Exception, reason: str) -> None:
    outbox = MemoryOutbox(Row(letter()))

    with structlog.testing.capture_logs() as logs:
        assert relay(outbox, FakeChannel(failure)) is True

    assert outbox.rows[0].state == "waiting"
    assert outbox.rows[0].note.startswith(reason)
    assert outbox.rows[0].at_ms == START + 30_000
    assert [(line["event"], line["log_level"], line["attempt"]) for line in logs] == [("notice_delayed", "warning", 1)]


def test_a_renderer_that_raises_delays_the_letter_too() -> None:
    class Broken:
        def render(self, letter: Letter) -> Rendered:
            raise ZeroDivisionError

    outbox, channel = MemoryOutbox(Row(letter())), FakeChannel()
    relay(outbox, channel, renderer=Broken())

    assert (outbox.rows[0].state, channel.taken) == ("waiting", [])


def test_a_channel_that_is_not_configured_delays_the_letter() -> None:
    outbox = MemoryOutbox(Row(letter(), channel="pigeon"))

    relay(outbox, FakeChannel())

    assert (outbox.rows[0].state, "pigeon" in outbox.rows[0].note) == ("waiting", True)


def test_what_fails_for_good_is_dead_and_shown() -> None:
    outbox = MemoryOutbox(Row(letter()))

    with structlog.testing.capture_logs() as logs:
        relay(outbox, FakeChannel(DeliveryFailed("no such user", permanent=True)))

    assert (outbox.rows[0].state, outbox.rows[0].note) == ("dead", "no such user")
    assert [(line["event"], line["log_level"]) for line in logs] == [("notice_failed", "error")]
    assert logs[0]["letter_id"] == "N-17"


def test_a_channel_that_never_works_is_asked_twelve_times() -> None:
    outbox, clock = MemoryOutbox(Row(letter())), Clock()
    channel = FakeChannel(DeliveryFailed("down", permanent=False))
    attempts = 0
    while outbox.rows[0].state == "waiting":
        attempts += relay(outbox, channel, clock)
        clock.now_ms = outbox.rows[0].at_ms

    assert attempts == 12
    assert outbox.rows[0].state == "dead"


def test_a_channel_that_recovers_gets_the_same_letter() -> None:
    outbox, clock, channel = MemoryOutbox(Row(letter())), Clock(), FakeChannel(OSError("down"))
    relay(outbox, channel, clock)
    assert relay(outbox, channel, clock) is False

    channel.failure = None
    clock.now_ms = outbox.rows[0].at_ms

    assert relay(outbox, channel, clock) is True
    assert [letter_id for letter_id, _, _ in channel.taken] == ["N-17"]


def test_the_wait_counts_from_the_end_of_the_attempt() -> None:
    outbox, clock = MemoryOutbox(Row(letter())), Clock()

    class Slow(FakeChannel):
        def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
            clock.now_ms += 100_000
            raise TimeoutError

    relay(outbox, Slow(), clock)

    assert outbox.rows[0].at_ms == START + 100_000 + 30_000


def test_a_failing_outbox_is_heard_and_the_lease_brings_the_letter_back() -> None:
    class Failing(MemoryOutbox):
        def mark_sent(self, claim: ClaimedLetter, now_ms: int, subject: str, answer: str | None = None) -> None:
            raise ConnectionError("store is down")

    outbox, channel, clock = Failing(Row(letter())), FakeChannel(), Clock()
    with pytest.raises(ConnectionError):
        relay(outbox, channel, clock)
    assert relay(outbox, channel, clock) is False

    clock.now_ms = START + RetryPolicy().lease_ms
    with pytest.raises(ConnectionError):
        relay(outbox, channel, clock)

    assert [letter_id for letter_id, _, _ in channel.taken] == ["N-17", "N-17"]


def test_being_told_to_stop_is_no_failure() -> None:
    outbox = MemoryOutbox(Row(letter()))

    class Stopped(FakeChannel):
        def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relay(outbox, Stopped())

    assert outbox.rows[0].note == ""


# --- how long to wait ---


@pytest.mark.parametrize(
    ("failed", "seconds"),
    [
        (1, 30),
        (2, 120),
        (3, 480),
        (4, 1920),
        (5, 3600),
        (6, 3600),
        (11, 3600),
        (12, None),
        (13, None),
        (10**9, None),
    ],
)
def test_waits_grow_to_an_hour_and_end(failed: int, seconds: int | None) -> None:
    expected = None if seconds is None else seconds * 1000

    assert RetryPolicy().delay_ms(failed) == expected


@pytest.mark.parametrize(("failed", "wait"), [(1, 5), (2, 5), (3, None)])
def test_a_policy_of_ones_own(failed: int, wait: int | None) -> None:
    assert RetryPolicy(first_ms=10, factor=2, cap_ms=5, max_attempts=3).delay_ms(failed) == wait
