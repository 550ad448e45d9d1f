"""What came of a timeline, as JSON (design 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from adapters.store import machines, readings
from adapters.store.tables import machines as machine_table
from daemon.expecting import fields_of
from daemon.replay import Replayed
from schedules.hours import shown


def summary(result: Replayed) -> dict[str, Any]:
    """The whole outcome; work orders sorted by machine, kind and step as text."""
    keeper = result.keeper
    with keeper.store.read() as connection:
        ids = list(connection.execute(select(machine_table.c.machine_id)).scalars())
        known = machines.load(connection, keeper.zone, ids)
        counts = readings.totals_by_verdict(connection)
        orders = list(_orders(connection, result, ids))
    return {
        "work_orders": sorted(orders, key=lambda order: (order["machine_id"], order["kind"], order["step"])),
        "machines": [_machine(known[machine_id]) for machine_id in sorted(known)],
        "readings": counts,
        "refused_commands": [_refused(line) for line in result.refused],
        "notices": result.notices,
        "failed_expectations": [
            {"line": failed.line, "expected": failed.expected, "got": failed.got} for failed in result.failed
        ],
    }


def _orders(connection: Connection, result: Replayed, ids: list[str]) -> Iterator[dict[str, Any]]:
    for machine_id, record in machines.load(connection, result.keeper.zone, ids).items():
        for order in record.facts.orders.values():
            yield {"machine_id": machine_id, **fields_of(order, result.keeper, result.until_ms)}


def _machine(record: machines.MachineRecord) -> dict[str, Any]:
    total_ms = record.facts.total_ms
    return {
        "machine_id": record.facts.machine_id,
        "status": record.facts.status.value,
        "total_hours": None if total_ms is None else shown(total_ms),
    }


def _refused(line: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "line": line.line,
        "do": line.do,
        "machine_id": line.machine_id,
        "missing": list(line.missing),
        "reason": line.reason,
    }
