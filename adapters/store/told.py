"""What went out besides the notices of machines, and by which channels everything goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, null, or_, select

from adapters.store.dialect import among
from adapters.store.listing import LETTER_FIELDS
from adapters.store.tables import letters
from notifications.occasions import Occasion

_AT_ONCE = 500


def digests(connection: Connection, state: str | None, limit: int | None) -> Iterator[Row[Any]]:
    """Every delivery of a digest as a row of `listing.all_notices` about no machine, the newest first."""
    statement = _digests().order_by(letters.c.created_ms.desc(), letters.c.letter_id).limit(limit)
    wanted = statement if state is None else statement.where(letters.c.state == state)
    with connection.execute(wanted.execution_options(yield_per=_AT_ONCE)) as result:
        yield from result


def digest(connection: Connection, letter_id: str) -> Row[Any] | None:
    """One delivery of a digest, as above."""
    return connection.execute(_digests().where(letters.c.letter_id == letter_id)).first()


def _digests() -> Select[*tuple[Any, ...]]:
    columns = letters.c
    absent = (null().label(name) for name in ("id", "machine_id", "kind", "step", "on", "dropped"))
    return select(
        *absent,
        columns.occasion,
        columns.role,
        columns.recipient,
        columns.created_ms.label("recorded_ms"),
        columns.created_ms.label("not_before_ms"),
        func.coalesce(columns.original_id, columns.letter_id).label("letter_id"),
        *(columns[name].label(f"letter_{name}") for name in LETTER_FIELDS),
    ).where(columns.occasion == Occasion.WEEKLY_DIGEST)


def ways(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, list[Row[Any]]]:
    """The deliveries (channel, state) of each letter that rows of notices name, the letter itself first."""
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for batch in _batches(sorted({row.letter_id for row in rows if row.letter_id is not None})):
        for row in connection.execute(_deliveries(connection, batch)):
            found[row.told].append(row)
    return found


def _deliveries(connection: Connection, letter_ids: Sequence[str]) -> Select[Any]:
    columns = letters.c
    told = func.coalesce(columns.original_id, columns.letter_id).label("told")
    mine = or_(among(connection, columns.letter_id, letter_ids), among(connection, columns.original_id, letter_ids))
    first = columns.original_id.is_(None).desc()
    return select(told, columns.channel, columns.state).where(mine).order_by(told, first, columns.channel)


def _batches(letter_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (letter_ids[at : at + _AT_ONCE] for at in range(0, len(letter_ids), _AT_ONCE))
