"""What is wrong with the fleet's data: looked for by the sweep, and whenever facts, registers or decisions change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import findings, watching
from adapters.store.findings import Closing, Finding
from adapters.store.tables import machines, service_centres, yards
from daemon.found import found
from daemon.keeper import Keeper
from daemon.watching import undecided
from schedules.dates import local_date
from schedules.finding import UNHEARD, Cure, FindingKind, unheard_from, unheard_kind
from schedules.machine import Status
from schedules.refused_row import has_agreed

_IN_SERVICE = (*UNHEARD, FindingKind.MACHINE_WITHOUT_CENTRE)


def look_at_silence(connection: Connection, keeper: Keeper, today: date, now_ms: int, most: int) -> int:
    """Find some of the machines in service that have fallen silent by today, or have never reported; how many."""
    since = today - timedelta(days=keeper.rulebook.plan.silence_days)
    rows = watching.waiting(connection, since, most)
    found(connection, keeper, [_unheard(keeper, row) for row in rows], now_ms)
    watching.wait(connection, {row.machine_id: None for row in rows}, unheard=True)
    return len(rows)


def _unheard(keeper: Keeper, row: Row[Any]) -> Finding:
    """What is found of a machine in service if it is not heard of in time."""
    since, days = _waits_since(keeper, row), keeper.rulebook.plan.silence_days
    kind = unheard_kind(has_reported=row.heard_ms is not None)
    on = unheard_from(since, row.handed_over_on, days)
    return Finding(kind, row.machine_id, on, row.machine_id, {"since": since.isoformat()})


def _waits_since(keeper: Keeper, row: Row[Any]) -> date:
    on: date = row.handed_over_on if row.heard_ms is None else local_date(row.heard_ms, keeper.zone)
    return on


def look_at_registers(connection: Connection, keeper: Keeper, today: date, now_ms: int) -> None:
    """Places and regions that machines name, but that are unknown or lack what they need (rules 5)."""
    named = machines.c
    centres = findings.addressed(connection, service_centres.c.service_centre, service_centres.c.email)
    stores = findings.addressed(connection, yards.c.yard, yards.c.email)
    for kind, column, status, known in (
        (FindingKind.CENTRE_WITHOUT_ADDRESS, named.service_centre, Status.IN_SERVICE, centres),
        (FindingKind.YARD_WITHOUT_ADDRESS, named.yard, Status.STOCK, stores),
        (FindingKind.REGION_WITHOUT_WINDOW, named.region, Status.STOCK, set(keeper.rulebook.winter.windows)),
    ):
        lacking = findings.named(connection, column, status) - known
        were = findings.open_subjects(connection, kind)
        findings.open_all(connection, [Finding(kind, each, today) for each in sorted(lacking - were)], now_ms)
        findings.close(connection, [kind], sorted(were - lacking), Closing(today, Cure.COMPLETED, now_ms))


def facts_changed(
    connection: Connection, keeper: Keeper, machine_id: str, now_ms: int, cure: Cure = Cure.COMPLETED
) -> None:
    """Look again at a machine whose facts are new, and at the places it names or named."""
    look_at_machines(connection, keeper, [machine_id], now_ms, cure)
    look_at_registers(connection, keeper, keeper.today(now_ms), now_ms)


def look_at_machines(
    connection: Connection, keeper: Keeper, machine_ids: Sequence[str], now_ms: int, cure: Cure = Cure.COMPLETED
) -> None:
    """Look again at machines whose facts are new: is a sign of life waited for, is there a centre (rules 5 and 7).

    `cure` is why a finding is closed that does not stand any more, unless the machine has left service.
    """
    today, rows = keeper.today(now_ms), watching.watched(connection, machine_ids)
    serving = [row for row in rows if row.status == Status.IN_SERVICE]
    wrong = [each for row in serving for each in _of_machine(keeper, row, today)]
    _close_others(connection, serving, wrong, Closing(today, cure, now_ms))
    found(connection, keeper, wrong, now_ms)
    unheard = {each.subject: each for each in wrong if each.kind in UNHEARD}
    findings.restate(connection, list(unheard.values()))
    watching.wait(connection, dict.fromkeys(unheard), unheard=True)
    heard = [row for row in serving if row.machine_id not in unheard]
    watching.wait(connection, {row.machine_id: _waits_since(keeper, row) for row in heard}, unheard=False)
    _leave(connection, [row for row in rows if row not in serving], today, now_ms)


def _of_machine(keeper: Keeper, row: Row[Any], today: date) -> Iterator[Finding]:
    """What is wrong with a machine in service."""
    unheard = _unheard(keeper, row)
    if unheard.opened_on <= today:
        yield unheard
    if not (row.service_centre or "").strip():
        yield Finding(FindingKind.MACHINE_WITHOUT_CENTRE, row.machine_id, today, row.machine_id)


def _close_others(connection: Connection, rows: Sequence[Row[Any]], wrong: Sequence[Finding], closing: Closing) -> None:
    """Close what was found of these machines and does not stand any more."""
    for kind in _IN_SERVICE:
        standing = {each.subject for each in wrong if each.kind is kind}
        cured = [row.machine_id for row in rows if row.machine_id not in standing]
        findings.close(connection, [kind], cured, closing)


def _leave(connection: Connection, rows: Sequence[Row[Any]], today: date, now_ms: int) -> None:
    """Nothing is waited for of machines that are not in service, and nothing is to be decided of retired ones."""
    gone = [row.machine_id for row in rows]
    findings.close(connection, _IN_SERVICE, gone, Closing(today, Cure.NOT_IN_SERVICE, now_ms))
    watching.wait(connection, dict.fromkeys(gone), unheard=False)
    retired = [row.machine_id for row in rows if row.status == Status.RETIRED]
    closing = Closing(today, Cure.RETIRED, now_ms)
    findings.close(connection, [FindingKind.METER_NEEDS_DECISION], retired, closing)


def reconsider(connection: Connection, keeper: Keeper, machine_id: str, now_ms: int, cure: Cure) -> None:
    """Look again at a machine whose stored readings were judged anew, or decided on by a person."""
    (machine,) = watching.watched(connection, [machine_id])
    rules, today = keeper.meter_rules, keeper.today(now_ms)
    refused = watching.refused_in_a_row(connection, machine_id)
    row = [(each.time_ms, each.total_ms) for each in refused]
    agreed = has_agreed(row, rules)
    if agreed and machine.status != Status.RETIRED:
        numbers = [each.id for each in refused[-rules.agree :]]
        found(connection, keeper, [undecided(machine_id, today, numbers, row[-rules.agree :])], now_ms)
    else:
        closing = Closing(today, cure, now_ms)
        findings.close(connection, [FindingKind.METER_NEEDS_DECISION], [machine_id], closing)
    heard_ms = watching.last_heard_ms(connection, machine_id)
    watching.keep_recount(connection, machine_id, heard_ms, row[-rules.agree + 1 :], undecided=agreed)
    look_at_machines(connection, keeper, [machine_id], now_ms, cure)
