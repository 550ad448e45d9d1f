"""What the store knows of a machine, before and after a change: the audit log keeps what differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from adapters.store.tables import machines, meters, work_orders

Snapshot = Mapping[str, Mapping[str, Any]]
"""Things by name (`machine`, `meter`, or an order's KIND/STEP), and what is known of each."""
_BOOKKEEPING = frozenset({"wakes_at_ms", "wakes_on", "remind_on", "asked_version", "asked_rulebook", "exempt_steps"})


def of_machine(connection: Connection, machine_id: str) -> Snapshot:
    """A machine, its meter and its orders; empty if it is not registered."""
    found = {}
    for name, table in (("machine", machines), ("meter", meters)):
        row = connection.execute(select(table).where(table.c.machine_id == machine_id)).first()
        if row is not None:
            found[name] = _plain(row)
    for row in connection.execute(select(work_orders).where(work_orders.c.machine_id == machine_id)):
        found[f"{row.kind}/{row.step}"] = _plain(row)
    return found


def difference(before: Snapshot, after: Snapshot) -> tuple[dict[str, Any], dict[str, Any]]:
    """What changed, as it was and as it is; what is on one side only stands there whole."""
    was, became = {}, {}
    for name in {**before, **after}:
        old, new = before.get(name, {}), after.get(name, {})
        changed = [column for column in {**old, **new} if old.get(column) != new.get(column)]
        if changed:
            was[name] = {column: old[column] for column in changed if column in old}
            became[name] = {column: new[column] for column in changed if column in new}
    return was, became


def _plain(row: Row[Any]) -> dict[str, Any]:
    known = row._mapping.items()  # noqa: SLF001 - SQLAlchemy's public name for it
    return {name: _text(value) for name, value in known if name not in _BOOKKEEPING}


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
