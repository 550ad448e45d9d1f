"""What was recorded, as the outside sees it (design 5): readings and notices; the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing, told
from adapters.store.paging import Place
from daemon.keeper import Keeper
from daemon.listing import Fields
from daemon.showing import hours, instant, iso
from schedules.reading import Verdict

READING_FIELDS = (
    "id",
    "machine_id",
    "hours",
    "total_hours",
    "device_time",
    "arrived_at",
    "counts_at",
    "verdict",
    "reason",
    "source",
    "clock",
    "repeats",
    "topic",
    "payload",
)


def readings(
    connection: Connection,
    keeper: Keeper,
    machine_id: str | None,
    verdicts: frozenset[Verdict] | None,
    limit: int | None,
    place: Place | None = None,
) -> Iterator[Fields]:
    """Readings, the newest first."""
    for batch in listing.all_readings(connection, machine_id, verdicts, limit, place):
        yield from (_reading(keeper, row) for row in batch)


def _reading(keeper: Keeper, row: Row[Any]) -> Fields:
    return {
        "id": row.id,
        "machine_id": row.machine_id,
        "hours": hours(row.dial_ms),
        "total_hours": hours(row.total_ms),
        "device_time": instant(row.device_ms, keeper.zone),
        "arrived_at": instant(row.arrived_ms, keeper.zone),
        "counts_at": instant(row.time_ms, keeper.zone),
        "verdict": row.verdict,
        "reason": row.reason,
        "source": row.source,
        "clock": row.clock,
        "repeats": row.repeats,
        "topic": _text(row.topic),
        "payload": _text(row.payload),
    }


def _text(kept: bytes | None) -> str | None:
    return None if kept is None else kept.decode("utf-8", "backslashreplace")


NOTICE_FIELDS = (
    "id",
    "on",
    "occasion",
    "role",
    "recipient",
    "machine_id",
    "kind",
    "step",
    "state",
    "not_before",
    "channel",
    "ways",
    "address",
    "subject",
    "attempts",
    "sent_at",
    "answer",
    "error",
    "letter_id",
)


def notices(
    connection: Connection, keeper: Keeper, state: str | None, limit: int | None, place: Place | None = None
) -> Iterator[Fields]:
    """Notices with what became of them, the newest first."""
    for batch in listing.all_notices(connection, state, limit, place):
        yield from notices_fields(connection, keeper, batch)


def all_told(connection: Connection, keeper: Keeper, state: str | None, limit: int) -> list[Fields]:
    """Notices and the deliveries of digests, which are about no machine, together; the newest first."""
    about_machines = (row for batch in listing.all_notices(connection, state, limit) for row in batch)
    digests = told.digests(connection, state, limit)
    newest = merge(about_machines, digests, key=lambda row: int(row.recorded_ms), reverse=True)
    return list(notices_fields(connection, keeper, list(islice(newest, limit))))


def notices_fields(connection: Connection, keeper: Keeper, rows: Sequence[Row[Any]]) -> Iterator[Fields]:
    """Notices as the outside sees them (rows of the store's `all_notices`), each with every way it goes."""
    ways = told.ways(connection, rows)
    for row in rows:
        each_way = ", ".join(f"{way.channel} {way.state}" for way in ways.get(row.letter_id, ()))
        yield {**notice_fields(keeper, row), "ways": each_way or None}


DELIVERY_FIELDS = ("channel", "state", "address", "attempts", "sent_at", "answer", "error", "letter_id")


def deliveries(connection: Connection, keeper: Keeper, notice: Row[Any]) -> list[Fields]:
    """What became of a notice (a row of the store's `all_notices`) on every channel it goes by."""
    rows = [] if notice.letter_id is None else listing.deliveries(connection, notice.letter_id)
    return [
        {
            name: instant(row.sent_ms, keeper.zone) if name == "sent_at" else getattr(row, name)
            for name in DELIVERY_FIELDS
        }
        for row in rows
    ]


def notice_fields(keeper: Keeper, row: Row[Any]) -> Fields:
    """A notice as the outside sees it (a row of the store's `all_notices`), without its ways."""
    as_stored = ("id", "occasion", "role", "recipient", "machine_id", "kind", "step")
    of_letter = ("channel", "address", "subject", "attempts", "answer")
    found = {
        **{name: getattr(row, name) for name in as_stored},
        **{name: getattr(row, f"letter_{name}") for name in of_letter},
        "letter_id": row.letter_letter_id,
        "ways": None,
        "on": iso(row.on or keeper.today(row.recorded_ms)),
        "state": "dropped" if row.dropped else row.letter_state or "waiting",
        "not_before": instant(row.not_before_ms, keeper.zone),
        "sent_at": instant(row.letter_sent_ms, keeper.zone),
        "error": row.dropped or row.letter_error,
    }
    return {name: found[name] for name in NOTICE_FIELDS}
