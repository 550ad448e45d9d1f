"""The outbox in the store: letters are claimed for a while, sent outside any transaction, and marked by their
claimer alone (promise 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, select, update

from adapters.store import gathering, notice_facts
from adapters.store.addressees import TellingSettings, addressee_of, allowed_ms, why_not
from adapters.store.engine import Store
from adapters.store.forecast import projections
from adapters.store.order_facts import finding_facts, order_facts
from adapters.store.tables import letters
from notifications.digest import Digest
from notifications.letter import Addressee, Letter, OrderFacts
from notifications.occasions import OF_FINDINGS, Occasion, Role, leading
from notifications.outbox import ClaimedLetter
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

    def claim(self, now_ms: int, lease_ms: int) -> ClaimedLetter | None:
        """Take the next letter whose time has come, or whose claimer's lease is over; None if there is none.

        Facts, address and language are read again; a letter of which nothing stands has no orders.
        """
        with self._store.write() as connection:
            row = _take(connection, now_ms, lease_ms)
        if row is None:
            return None
        if row.occasion == Occasion.WEEKLY_DIGEST:
            return self._digest(row, now_ms)
        with self._store.write() as connection:
            return self._afresh(connection, row, now_ms)

    def _digest(self, row: Row[Any], now_ms: int) -> ClaimedLetter:
        """Outside any transaction: a fleet's facts take their time."""
        found = self._digest_of(row.recipient, row.created_ms, now_ms)
        if found is None:
            return _empty(row, _as_written(row, self._telling))
        addressee, digest = found
        letter = Letter(row.letter_id, Occasion.WEEKLY_DIGEST, addressee, (), row.attempts, digest)
        channel = gathering.channel_for(addressee, self._telling)
        values = {"channel": channel, "address": addressee.address, "locale": addressee.locale}
        with self._store.write() as connection:
            connection.execute(_mine(row.letter_id, row.claim).values(**values))
        return ClaimedLetter(letter, channel, row.claim)

    def _afresh(self, connection: Connection, row: Row[Any], now_ms: int) -> ClaimedLetter:
        today = local_date(now_ms, self._rulebook().plan.zone)
        rows = self._standing(connection, row.letter_id, today)
        if not rows:
            return _empty(row, _as_written(row, self._telling))
        addressee = addressee_of(rows[0], self._telling)
        occasion = leading(Occasion(each.occasion) for each in rows)
        channel = gathering.channel_for(addressee, self._telling)
        values = {
            "occasion": occasion,
            "channel": channel,
            "address": addressee.address,
            "locale": addressee.locale,
        }
        connection.execute(_mine(row.letter_id, row.claim).values(**values))
        found = finding_facts(rows) if occasion in OF_FINDINGS else ()
        words = words_in(nearest_locale(addressee.locale, self._telling.locale))
        orders = () if found else self._orders(connection, rows, words, now_ms)
        letter = Letter(row.letter_id, occasion, addressee, orders, row.attempts, findings=found)
        return ClaimedLetter(letter, channel, row.claim)

    def _standing(self, connection: Connection, letter_id: str, today: date) -> list[Row[Any]]:
        """What of a letter still stands, for one address; what does not is dropped, what goes elsewhere waits anew."""
        rows = notice_facts.of_letter(connection, letter_id)
        reasons = {row.id: why_not(row, self._telling, today, only_reachable=self._only_reachable) for row in rows}
        gathering.drop(connection, {number: reason for number, reason in reasons.items() if reason})
        standing = [row for row in rows if not reasons[row.id]]
        addresses = {row.id: addressee_of(row, self._telling).address for row in standing}
        address = next(iter(addresses.values()), None)
        gathering.release(connection, [number for number, other in addresses.items() if other != address])
        return [row for row in standing if addresses[row.id] == address]

    def _orders(
        self, connection: Connection, rows: Sequence[Row[Any]], words: Words, now_ms: int
    ) -> tuple[OrderFacts, ...]:
        rulebook = self._rulebook()
        plan = rulebook.plan
        projected = projections(connection, plan.forecast, {row.machine_id for row in rows}, now_ms)
        return order_facts(rows, projected, rulebook, local_date(now_ms, plan.zone), words)

    def mark_sent(self, claim: ClaimedLetter, now_ms: int, subject: str) -> None:
        """It went out; ClaimLostError if the lease was over and another took it."""
        self._mark(claim, state="sent", sent_ms=now_ms, subject=subject, error=None)

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
            marked = connection.execute(_mine(claim.letter.letter_id, claim.token).values(claim=None, **values))
        if not marked.rowcount:
            raise ClaimLostError(claim.letter.letter_id)

    def retry_dead(self, letter_id: str) -> bool:
        """Send a letter that failed for good once more, with all its attempts; False if it is none."""
        dead = (letters.c.letter_id == letter_id, letters.c.state == "dead")
        with self._store.write() as connection:
            values = {"state": "waiting", "next_ms": 0, "attempts": 0, "claim": None}
            return bool(connection.execute(update(letters).where(*dead).values(**values)).rowcount)


def _take(connection: Connection, now_ms: int, lease_ms: int) -> Row[Any] | None:
    """Claim a letter by an update that only one of several relays can make."""
    ready = select(letters).where(letters.c.state == "waiting", letters.c.next_ms <= now_ms)
    next_one = ready.order_by(letters.c.next_ms).limit(1).with_for_update(skip_locked=True)
    while (seen := connection.execute(next_one).first()) is not None:
        unchanged = (
            letters.c.letter_id == seen.letter_id,
            letters.c.state == "waiting",
            letters.c.next_ms == seen.next_ms,
            letters.c.claim.is_not_distinct_from(seen.claim),
        )
        # A claim that was never marked was an attempt that ended badly.
        attempts = seen.attempts + (seen.claim is not None)
        values = {"claim": str(uuid4()), "next_ms": now_ms + lease_ms, "attempts": attempts}
        taken = connection.execute(update(letters).where(*unchanged).values(**values).returning(letters)).first()
        if taken is not None:
            return taken
    return None


def _as_written(row: Row[Any], telling: TellingSettings) -> Addressee:
    """Whom a letter was for when it was made; of one of which nothing stands nothing else is known."""
    locale = row.locale or telling.locale
    return Addressee(Role(row.role), row.recipient, row.recipient, row.address, None, locale)


def _mine(letter_id: str, token: str) -> Any:  # noqa: ANN401 - an update of the claimer's letter
    mine = (letters.c.letter_id == letter_id, letters.c.claim == token, letters.c.state == "waiting")
    return update(letters).where(*mine)


def _empty(row: Row[Any], addressee: Addressee) -> ClaimedLetter:
    """A letter of which nothing stands any more."""
    return ClaimedLetter(
        Letter(row.letter_id, Occasion(row.occasion), addressee, (), row.attempts), row.channel, row.claim
    )
