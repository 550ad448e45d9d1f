"""The outbox in the store: letters are claimed for a while, sent outside any transaction, and marked by their
claimer alone (promise 3).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, update

from adapters.store import claims, gathering, notice_facts
from adapters.store.addressees import TellingSettings, addressee_of, allowed_ms, ways_of, ways_of_digest, why_not
from adapters.store.engine import Store
from adapters.store.forecast import projections
from adapters.store.order_facts import finding_facts, order_facts
from adapters.store.tables import letters
from notifications.digest import Digest
from notifications.letter import Addressee, Letter, OrderFacts
from notifications.occasions import OF_FINDINGS, Occasion, Role, leading
from notifications.outbox import ClaimedLetter
from notifications.ways import Way
from notifications.words import Words, nearest_locale, words_in
from schedules.dates import local_date
from schedules.rulebook import Rulebook

_MOST_REASON = 500
DigestOf = Callable[[str, int, int], tuple[Addressee, Digest] | None]
"""Finds a manager's digest by name, when it was written, and now (ms); None: it is not to be sent any more."""


def _no_digest(_manager: str, _written_ms: int, _now_ms: int) -> None:
    return None


class ClaimLostError(RuntimeError):
    """The lease of a letter was over and another relay has taken it: what we did with it is not noted."""

    def __init__(self, letter_id: str) -> None:
        """Name the letter."""
        super().__init__(f"letter {letter_id} was taken over by another relay when its lease was over")


class StoreOutbox:
    """Notices and letters as `notifications.outbox.Outbox` asks for them.

    `rulebook` gives the one in force; `digest_of` reads a manager's digest; `only_reachable`: customers without an
    address are told by their service centre (rules 8).
    """

    def __init__(
        self,
        store: Store,
        rulebook: Callable[[], Rulebook],
        telling: TellingSettings,
        *,
        only_reachable: bool = True,
        digest_of: DigestOf = _no_digest,
    ) -> None:
        self._store = store
        self._rulebook = rulebook
        self._telling = telling
        self._only_reachable = only_reachable
        self._digest_of = digest_of

    def gather(self, now_ms: int) -> int:
        """Group what has waited long enough into letters, some thousand notices a transaction; how many letters."""
        with self._store.read() as connection:
            ripe = notice_facts.ripe_recipients(connection, now_ms)
        made, zone, only_reachable = 0, self._rulebook().plan.zone, self._only_reachable
        for batch in gathering.batches(ripe):
            with self._store.write() as connection:
                made += gathering.gather(connection, self._telling, batch, now_ms, zone, only_reachable=only_reachable)
        return made

    def claim(self, now_ms: int, lease_ms: int, channel: str | None = None) -> ClaimedLetter | None:
        """Take the next letter (of one channel) whose time has come, or whose claimer's lease is over; None if there is
        none, or the channel has had as many as it may in a minute.

        Facts, address and language are read again; a letter of which nothing stands has no orders.
        """
        rate = next((each.rate_per_minute for each in self._telling.entries if each.name == channel), None)
        while True:
            with self._store.write() as connection:
                row = claims.take(connection, now_ms, lease_ms, channel, rate)
            if row is None:
                return None
            claimed = self._read_again(row, now_ms)
            if claimed is not None:
                return claimed

    def strays(self, channels: Collection[str]) -> list[str]:
        """The channels that letters wait for besides these."""
        with self._store.read() as connection:
            return [each for each in claims.awaited(connection) if each not in channels]

    def _read_again(self, row: Row[Any], now_ms: int) -> ClaimedLetter | None:
        """The letter as it is now; None if it goes another way now."""
        if row.occasion == Occasion.WEEKLY_DIGEST:
            return self._digest(row, now_ms)
        with self._store.write() as connection:
            return self._afresh(connection, row, now_ms)

    def _digest(self, row: Row[Any], now_ms: int) -> ClaimedLetter | None:
        """Outside any transaction: a fleet's facts take their time."""
        found = self._digest_of(row.recipient, row.created_ms, now_ms)
        if found is None:
            return _empty(row, _as_written(row, self._telling))
        to, digest = found
        letter = Letter(row.letter_id, Occasion.WEEKLY_DIGEST, to, (), row.attempts, digest)
        ways = {way.channel: way for way in ways_of_digest(to, self._telling)}
        with self._store.write() as connection:
            if not self._goes_on(connection, row, ways, now_ms):
                return None
            if row.channel not in ways:
                return _empty(row, to)
            values = {"address": ways[row.channel].address, "locale": to.locale}
            connection.execute(claims.mine(row.letter_id, row.claim).values(**values))
        return ClaimedLetter(letter, row.channel, row.claim)

    def _afresh(self, connection: Connection, row: Row[Any], now_ms: int) -> ClaimedLetter | None:
        today = local_date(now_ms, self._rulebook().plan.zone)
        rows = self._standing(connection, row, today)
        if not rows:
            return _empty(row, _as_written(row, self._telling))
        to = addressee_of(rows[0], self._telling)
        occasion = leading(Occasion(each.occasion) for each in rows)
        by_row = {each.id: ways_of(each, to, occasion, self._telling) for each in rows}
        ways = {way.channel: way for of_row in by_row.values() for way in of_row}
        if not self._goes_on(connection, row, ways, now_ms):
            return None
        mine = [each for each in rows if any(way.channel == row.channel for way in by_row[each.id])]
        if not mine:
            return _empty(row, to)
        values = {"occasion": occasion, "address": ways[row.channel].address, "locale": to.locale}
        connection.execute(claims.mine(row.letter_id, row.claim).values(**values))
        return self._told(connection, Letter(row.letter_id, occasion, to, (), row.attempts), row, mine, now_ms)

    def _told(
        self, connection: Connection, letter: Letter, row: Row[Any], rows: Sequence[Row[Any]], now_ms: int
    ) -> ClaimedLetter:
        """The letter with what it tells (rows of `notice_facts`)."""
        found = finding_facts(rows) if letter.occasion in OF_FINDINGS else ()
        words = words_in(nearest_locale(letter.addressee.locale, self._telling.locale))
        orders = () if found else self._orders(connection, rows, words, now_ms)
        return ClaimedLetter(replace(letter, orders=orders, findings=found), row.channel, row.claim)

    @staticmethod
    def _goes_on(connection: Connection, row: Row[Any], ways: Mapping[str, Way], now_ms: int) -> bool:
        """Whether the letter keeps its way; one whose channel is no longer theirs goes another, a copy goes nowhere."""
        if row.channel in ways or row.original_id is not None:
            return True
        claims.reroute(connection, row, next(iter(ways.values())), now_ms)
        return False

    def _standing(self, connection: Connection, letter: Row[Any], today: date) -> list[Row[Any]]:
        """What of a letter still stands, for one address.

        What does not is dropped, what goes elsewhere waits anew; not by a copy: its original may have been told.
        """
        rows = notice_facts.of_letter(connection, letter.original_id or letter.letter_id)
        reasons = {row.id: why_not(row, self._telling, today, only_reachable=self._only_reachable) for row in rows}
        standing = [row for row in rows if not reasons[row.id]]
        addresses = {row.id: _place(addressee_of(row, self._telling)) for row in standing}
        address = next(iter(addresses.values()), None)
        if letter.original_id is None:
            gathering.drop(connection, {number: reason for number, reason in reasons.items() if reason})
            gathering.release(connection, [number for number, other in addresses.items() if other != address])
        return [row for row in standing if addresses[row.id] == address]

    def _orders(
        self, connection: Connection, rows: Sequence[Row[Any]], words: Words, now_ms: int
    ) -> tuple[OrderFacts, ...]:
        rulebook = self._rulebook()
        plan = rulebook.plan
        projected = projections(connection, plan.forecast, {row.machine_id for row in rows}, now_ms)
        return order_facts(rows, projected, (rulebook, self._telling), local_date(now_ms, plan.zone), words)

    def mark_sent(self, claim: ClaimedLetter, now_ms: int, subject: str, answer: str | None = None) -> None:
        """It went out, and this was answered; ClaimLostError if the lease was over and another took it."""
        said = None if answer is None else answer[:_MOST_REASON]
        self._mark(claim, state="sent", sent_ms=now_ms, subject=subject, error=None, answer=said)

    def mark_retry(self, claim: ClaimedLetter, at_ms: int, reason: str) -> None:
        """It failed and is tried again at `at_ms`, or when its time has come again; ClaimLostError as above."""
        letter, zone = claim.letter, self._rulebook().plan.zone
        told = (letter.occasion, letter.addressee.role, letter.addressee.recipient)
        attempts, next_ms = letter.attempts + 1, allowed_ms(self._telling, told, at_ms, zone)
        self._mark(claim, next_ms=next_ms, attempts=attempts, error=reason[:_MOST_REASON])

    def mark_dead(self, claim: ClaimedLetter, reason: str) -> None:
        """It failed for good and is kept for `retry_dead`; ClaimLostError as above."""
        self._mark(claim, state="dead", attempts=claim.letter.attempts + 1, error=reason[:_MOST_REASON])

    def mark_dropped(self, claim: ClaimedLetter, reason: str) -> None:
        """Nothing is left to tell; ClaimLostError as above."""
        self._mark(claim, state="dropped", error=reason[:_MOST_REASON])

    def _mark(self, claim: ClaimedLetter, **values: Any) -> None:  # noqa: ANN401 - columns of `letters`
        with self._store.write() as connection:
            marked = connection.execute(claims.mine(claim.letter.letter_id, claim.token).values(claim=None, **values))
        if not marked.rowcount:
            raise ClaimLostError(claim.letter.letter_id)

    def retry_dead(self, letter_id: str) -> bool:
        """Send a letter that failed for good once more, with all its attempts; False if it is none."""
        dead = (letters.c.letter_id == letter_id, letters.c.state == "dead")
        with self._store.write() as connection:
            values = {"state": "waiting", "next_ms": 0, "attempts": 0, "claim": None}
            return bool(connection.execute(update(letters).where(*dead).values(**values)).rowcount)


def _place(to: Addressee) -> tuple[str | None, str | None]:
    return to.address, to.phone


def _as_written(row: Row[Any], telling: TellingSettings) -> Addressee:
    """Whom a letter was for when it was made; of one of which nothing stands nothing else is known."""
    locale = row.locale or telling.locale
    return Addressee(Role(row.role), row.recipient, row.recipient, row.address, None, locale)


def _empty(row: Row[Any], addressee: Addressee) -> ClaimedLetter:
    """A letter of which nothing stands any more."""
    return ClaimedLetter(
        Letter(row.letter_id, Occasion(row.occasion), addressee, (), row.attempts), row.channel, row.claim
    )
