"""Orders computed anew after a correction: those that followed from what was wrong are replaced (rules 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from adapters.store import assessments, machines, notices, orders, readings, rulebooks
from adapters.store.machines import MachineRecord, Remark
from daemon.assessing import bring_up, record_of
from daemon.history import rising, steps_done
from daemon.keeper import Keeper
from daemon.lifetimes import Life, life_of
from daemon.telling import tell
from schedules.assess import Assessment
from schedules.dates import local_date
from schedules.meter import date_of_reading
from schedules.reading import Source, Verdict
from schedules.retrace import (
    Adopted,
    Event,
    Known,
    Moved,
    Retired,
    Revision,
    Sold,
    in_order,
    retrace,
    revisions,
)
from schedules.stock import inspected_at_arrival
from schedules.work_order import Change


@dataclass(frozen=True, slots=True)
class Believed:
    """What is believed of a machine at one moment: its facts and its totals."""

    life: Life
    totals: tuple[Known, ...]


def believed(connection: Connection, keeper: Keeper, record: MachineRecord, life: Life | None = None) -> Believed:
    """What is believed of a machine now; `life` where the facts are known already."""
    life = life or life_of(connection, keeper, record)
    return Believed(life, tuple(totals_of(connection, keeper, life)))


def totals_of(connection: Connection, keeper: Keeper, life: Life) -> Iterator[Known]:
    """Totals that counted, by the day they reached us; the hours at hand-over are dated by it (rules 1)."""
    rows = readings.of_machine(connection, life.machine_id, [Verdict.ACCEPTED, Verdict.LATE])
    since = None if life.placements else life.handed_over_on
    known, earliest = [], life.begins_on
    for row in rows:
        by_hand = row.source == Source.MANUAL
        if row.verdict == Verdict.LATE and not by_hand:
            continue
        if by_hand and life.handed_over_on is not None and life.sale and row.device_ms == life.sale.at_ms:
            known.append(Known(life.handed_over_on, row.total_ms, life.handed_over_on))
            continue
        on = local_date(row.arrived_ms, keeper.zone)
        read_on = date_of_reading(row.time_ms, row.arrived_ms, keeper.zone, since)
        known.append(Known(max(on, earliest), row.total_ms, read_on))
    yield from rising(sorted(known, key=lambda each: each.on))


def compute_anew(connection: Connection, keeper: Keeper, before: Believed, after: Believed, remark: Remark) -> None:
    """Replace the orders that differ between what was believed and what is; they are told like any change."""
    today, machine_id = keeper.today(remark.recorded_ms), after.life.machine_id
    wrong, right = (_retraced(connection, keeper, each, today) for each in (before, after))
    record = record_of(connection, keeper, machine_id)
    revised = revisions(record.facts.orders, wrong.machine.orders, right.machine.orders)
    changes = [change for each in revised for change in _revise(connection, keeper, record, each, right, remark)]
    _start_cycle_again(connection, record, right)
    record = record_of(connection, keeper, machine_id)
    tell(connection, keeper, record, changes, remark.recorded_ms)
    bring_up(connection, keeper, record, today, remark)


def _retraced(connection: Connection, keeper: Keeper, each: Believed, today: date) -> Assessment:
    life, rulebook = each.life, keeper.rulebook
    start = life.start()
    adopted = list(_adopted(connection, keeper, life))
    if life.placements and life.inspected:
        first = adopted[0].rulebook if adopted else rulebook
        done = inspected_at_arrival(life.placements[0].on, first.current)
        start = replace(start, orders={done.key: done})
    return retrace(start, in_order([*adopted, *each.totals, *_story(keeper, life)]), today, rulebook)


def _adopted(connection: Connection, keeper: Keeper, life: Life) -> Iterator[Adopted]:
    """The rulebooks in force since the machine was registered; the first of them from the start."""
    registered_ms = machines.registered_ms(connection, life.machine_id)
    books = rulebooks.adopted(connection)
    first = max((index for index, (_, at_ms) in enumerate(books) if at_ms <= registered_ms), default=0)
    for index, (book, at_ms) in enumerate(books[first:]):
        yield Adopted(life.begins_on if index == 0 else local_date(at_ms, keeper.zone), book)


def _story(keeper: Keeper, life: Life) -> Iterator[Event]:
    for index, placement in enumerate(life.placements):
        if index and life.changes_region(index):
            yield Moved(placement.on, placement.region)
    if life.placements and life.handed_over_on is not None and life.warranty is not None:
        yield Sold(life.handed_over_on, life.warranty)
    if life.retired_on is not None:
        yield Retired(life.retired_on)
    sold = replace(life.start(), handed_over_on=life.handed_over_on, warranty=life.warranty)
    yield from steps_done(sold, life.last_step_done, life.last_step_done_on, keeper.rulebook)
    yield from life.completions
    yield from life.cancellations


def _revise(
    connection: Connection, keeper: Keeper, record: MachineRecord, each: Revision, right: Assessment, remark: Remark
) -> Iterator[Change]:
    """Write one revised order, and yield the changes that are to be told."""
    machine_id = record.facts.machine_id
    its_changes = [change for change in right.changes if change.after.key == each.key]
    today, registered_on = keeper.today(remark.recorded_ms), local_date(record.registered_ms, keeper.zone)
    if each.stored is None or each.revised is None or each.stored.state is not each.revised.state:
        notices.forget_unsent(connection, machine_id, each.key)
    if each.revised is None:
        orders.withdraw(connection, machine_id, each.key, today, remark)
        return
    on = its_changes[-1].on if its_changes else today
    changes = [Change(each.stored, each.revised, on, "correction")]
    if each.stored is None and its_changes:
        changes = [replace(its_changes[0], before=None), *its_changes[1:]]
    assessments.apply_changes(connection, right.machine, changes, remark)
    closed_on = each.revised.closed_on
    past = closed_on is not None and closed_on < registered_on
    orders.mark_past(connection, machine_id, each.key, past=past)
    yield from changes


def _start_cycle_again(connection: Connection, record: MachineRecord, right: Assessment) -> None:
    """What the machine remembers of earlier assessments, as it would be had the facts been right all along."""
    machines.change_facts(connection, record.facts.machine_id, machines.remembered(right.machine))


def tell_new_recipients(connection: Connection, keeper: Keeper, record: MachineRecord, remark: Remark) -> None:
    """Tell of what is open: whoever was told of it before is not told again (rules 8)."""
    today = keeper.today(remark.recorded_ms)
    for order in record.facts.orders.values():
        if order.is_open:
            notices.forget_unsent(connection, record.facts.machine_id, order.key)
            tell(connection, keeper, record, [Change(None, order, today, "correction")], remark.recorded_ms)
