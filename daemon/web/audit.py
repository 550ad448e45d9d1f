"""The audit log: who changed what, when, from what and to what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from adapters.store import people
from adapters.store.paging import Place
from daemon.keeper import Keeper
from daemon.showing import instant
from daemon.web.rights import Person

Fields = dict[str, Any]
AUDIT_FIELDS = ("id", "recorded_at", "by", "identity", "role", "action", "subject", "given", "before", "after")
_AS_STORED = tuple(name for name in AUDIT_FIELDS if name != "recorded_at")


def note(
    connection: Connection,
    now_ms: int,
    person: Person,
    action: str,
    subject: str,
    *,
    given: Fields | None = None,
    before: Fields | None = None,
    after: Fields | None = None,
) -> None:
    """Write a line into the audit log."""
    who = {"by": person.name, "identity": person.identity, "role": person.role.value}
    what = {"action": str(action), "subject": subject, "given": given, "before": before, "after": after}
    people.note_change(connection, {"recorded_ms": now_ms, **who, **what})


def audited(
    connection: Connection, keeper: Keeper, subject: str | None, limit: int | None, place: Place | None = None
) -> Iterator[Fields]:
    """What was changed, the newest first; of one subject, or of all."""
    for batch in people.audited(connection, subject, limit, place):
        for row in batch:
            found = {name: getattr(row, name) for name in _AS_STORED}
            yield {"recorded_at": instant(row.recorded_ms, keeper.zone), **found}
