"""Findings are opened, and managers are told of those they must hear of, in one transaction (rules 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from adapters.store import findings, machines, notices
from adapters.store.findings import Finding
from adapters.store.machines import MachineRecord
from daemon.keeper import Keeper
from daemon.notice_rows import FindingKey, notices_of
from notifications.occasions import FOUND, Role
from schedules.dates import local_date


def found(connection: Connection, keeper: Keeper, what: Sequence[Finding], now_ms: int) -> None:
    """Open findings; whoever manages the machines is told once of each that is new."""
    opened = findings.open_all(connection, what, now_ms)
    if keeper.telling.managers:
        notices.add(connection, list(_notices(connection, keeper, opened, now_ms)))


def _notices(
    connection: Connection, keeper: Keeper, opened: Iterable[Finding], now_ms: int
) -> Iterator[dict[str, Any]]:
    told = [each for each in opened if each.kind in FOUND]
    records = machines.load(connection, keeper.zone, [each.subject for each in told])
    for each in told:
        record = records[each.subject]
        if each.opened_on >= _registered_on(keeper, record):
            of_managers = ((FOUND[each.kind], Role.MANAGER),)
            opened_on = each.opened_on
            yield from notices_of(
                keeper, record, FindingKey(each.kind), of_managers, opened_on, now_ms, opened_on.isoformat()
            )


def _registered_on(keeper: Keeper, record: MachineRecord) -> date:
    return local_date(record.registered_ms, keeper.zone)
