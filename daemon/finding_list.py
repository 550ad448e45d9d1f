"""Findings as the outside sees them: what is wrong, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing
from adapters.store.listing import FindingFilter
from adapters.store.paging import Place
from daemon.listing import Fields
from daemon.showing import iso
from notifications.finding_words import advice, cured, what
from notifications.words import Words
from schedules.finding import Cure, FindingKind

FINDING_FIELDS = (
    "id",
    "kind",
    "subject",
    "machine_id",
    "service_centre",
    "opened_on",
    "closed_on",
    "cure",
    "what",
    "advice",
)


def findings(
    connection: Connection,
    wanted: FindingFilter,
    words: Words,
    limit: int | None = None,
    place: Place | None = None,
) -> Iterator[Fields]:
    """Findings, the oldest first."""
    for batch in listing.all_findings(connection, wanted, limit, place):
        yield from (_fields(row, words) for row in batch)


def _fields(row: Row[Any], words: Words) -> Fields:
    kind = FindingKind(row.kind)
    found = {
        **{name: getattr(row, name) for name in ("id", "kind", "subject", "machine_id", "service_centre")},
        "opened_on": iso(row.opened_on),
        "closed_on": iso(row.closed_on),
        "cure": row.cure,
        "what": what(kind, row.subject, row.details, words),
        "advice": advice(kind, words) if row.cure is None else cured(Cure(row.cure), words),
    }
    return {name: found[name] for name in FINDING_FIELDS}
