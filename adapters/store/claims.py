"""Letters are taken for a while by an update that only one of several relays can make."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from adapters.store.tables import letters
from notifications.ways import Way

_MINUTE_MS = 60_000


def take(
    connection: Connection, now_ms: int, lease_ms: int, channel: str | None, rate_per_minute: int | None
) -> Row[Any] | None:
    """Claim the next letter whose time has come, of one channel if it is given; None if there is none, or the channel
    has had its letters of this minute, whichever relay took them.
    """
    if rate_per_minute is not None and _lately(connection, channel, now_ms) >= rate_per_minute:
        return None
    of_channel = () if channel is None else (letters.c.channel == channel,)
    ready = select(letters).where(letters.c.state == "waiting", letters.c.next_ms <= now_ms, *of_channel)
    next_one = ready.order_by(letters.c.next_ms).limit(1).with_for_update(skip_locked=True)
    while (seen := connection.execute(next_one).first()) is not None:
        # A claim that was never marked was an attempt that ended badly.
        attempts = seen.attempts + (seen.claim is not None)
        values = {"claim": str(uuid4()), "next_ms": now_ms + lease_ms, "attempts": attempts, "claimed_ms": now_ms}
        taken = connection.execute(update(letters).where(*_as(seen)).values(**values).returning(letters)).first()
        if taken is not None:
            return taken
    return None


def _lately(connection: Connection, channel: str | None, now_ms: int) -> int:
    columns = letters.c
    recent = (columns.channel == channel, columns.claimed_ms > now_ms - _MINUTE_MS, columns.claimed_ms <= now_ms)
    return connection.execute(select(func.count()).select_from(letters).where(*recent)).scalar_one()


def _as(seen: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """That the letter is still as it was seen."""
    return (
        letters.c.letter_id == seen.letter_id,
        letters.c.state == "waiting",
        letters.c.next_ms == seen.next_ms,
        letters.c.claim.is_not_distinct_from(seen.claim),
    )


def mine(letter_id: str, token: str) -> Any:  # noqa: ANN401 - an update of the claimer's letter
    """An update that changes a letter only while the claim holds."""
    held = (letters.c.letter_id == letter_id, letters.c.claim == token, letters.c.state == "waiting")
    return update(letters).where(*held)


def reroute(connection: Connection, row: Row[Any], way: Way, now_ms: int) -> None:
    """Let a claimed letter go another way from now on; if a copy of it does so already, it is told enough."""
    copy = (letters.c.original_id == row.letter_id, letters.c.channel == way.channel)
    values: dict[str, Any] = {"channel": way.channel, "address": way.address, "next_ms": now_ms, "claim": None}
    if connection.execute(select(letters.c.letter_id).where(*copy)).first() is not None:
        values = {"state": "dropped", "error": f"told by {way.channel}", "claim": None}
    connection.execute(mine(row.letter_id, row.claim).values(**values))


def awaited(connection: Connection) -> list[str]:
    """The channels that letters wait for; one look into the index for each, however many wait."""
    found: list[str] = []
    while (channel := _next_channel(connection, found[-1] if found else "")) is not None:
        found.append(channel)
    return found


def _next_channel(connection: Connection, after: str) -> str | None:
    columns = letters.c
    waiting = select(columns.channel).where(columns.state == "waiting", columns.channel > after)
    return connection.execute(waiting.order_by(columns.channel).limit(1)).scalar()
