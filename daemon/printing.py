"""The forms of work orders, printed with what is known of them (rules 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from adapters.store import orders, printing
from adapters.store.forecast import projections
from adapters.store.machines import order_of
from adapters.store.order_facts import facts_of
from adapters.store.visits import number_in
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from notifications.letter import OrderFacts
from notifications.paper.facts import DoneFacts, PaperFacts
from schedules.dates import last_of_month, local_date
from schedules.machine import Warranty
from schedules.visit_items import VisitList
from schedules.winter import Season
from schedules.work_order import Kind, OrderKey, State, WorkOrder


def order_on_paper(
    connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey, now_ms: int
) -> PaperFacts | None:
    """An order as its form shows it; None if there is no such order, RefusedError if there is nothing to print."""
    row = printing.one(connection, machine_id, key)
    if row is None:
        return None
    _refuse_closed(order_of(row), row.closed_on)
    return next(_on_paper(connection, keeper, [row], now_ms))


def yard_on_paper(connection: Connection, keeper: Keeper, yard: str, month: date, now_ms: int) -> list[PaperFacts]:
    """The sheets of a yard for a month, by machine: monthly upkeep and frost protection that is still to be done."""
    rows = printing.of_yard(connection, yard, f"{month:%Y-%m}", last_of_month(month))
    return list(_on_paper(connection, keeper, rows, now_ms))


def _refuse_closed(order: WorkOrder, closed_on: date | None) -> None:
    if order.state is State.CANCELLED:
        raise RefusedError(f"there is nothing to print: the order was cancelled on {closed_on}")
    if order.state is State.SUPERSEDED:
        higher = order.superseded_by
        raise RefusedError(f"the order was taken in by a later step on {closed_on}; print the form of step {higher}")


def _on_paper(connection: Connection, keeper: Keeper, rows: list[Row[Any]], now_ms: int) -> Iterator[PaperFacts]:
    today = keeper.today(now_ms)
    expected = projections(connection, keeper.rulebook.plan.forecast, {row.machine_id for row in rows}, now_ms)
    for row in rows:
        facts = facts_of(row, expected.get(row.machine_id), keeper.rulebook.winter, today)
        yield _printed(keeper, row, facts, _done(connection, keeper.zone, row), today)


def _printed(keeper: Keeper, row: Row[Any], facts: OrderFacts, done: DoneFacts | None, today: date) -> PaperFacts:
    items = keeper.items_of(row.plan_version)
    number = number_in(row)
    seasons, is_winter = _winter(keeper, row, today)
    return PaperFacts(
        order=facts,
        number=row.id,
        work=items.of(facts.kind, facts.category, facts.step),
        printed_on=today,
        visit_no=None if number is None else str(number),
        ordinal=_ordinal(keeper, row),
        handed_over_on=row.handed_over_on,
        warranty=None if row.warranty is None else Warranty(row.warranty),
        warranty_until=_warranty_until(keeper, row),
        stocked_on=row.stocked_on,
        read_on=_day(row.time_ms, keeper.zone),
        scheduled_for=row.scheduled_for,
        yard_name=row.yard_name,
        yard_phone=row.yard_phone,
        region_name=_region_name(keeper, row.region),
        winter=items.of(Kind.FREEZE_PROTECTION, facts.category, facts.step) if seasons else VisitList(),
        seasons=seasons,
        is_winter=is_winter,
        done=done,
    )


def _done(connection: Connection, zone: ZoneInfo, row: Row[Any]) -> DoneFacts | None:
    """What the accepted form says, or of an order that is not done the draft of a refused one."""
    if row.state != State.DONE:
        draft = orders.draft_of(connection, row.machine_id, _key(row))
        return None if draft is None else _said(draft.content, _day(draft.content.get("done_at_ms"), zone))
    form = orders.form_of(connection, row.machine_id, _key(row))
    return _said({} if form is None else form.content, row.closed_on)


def _key(row: Row[Any]) -> OrderKey:
    return OrderKey(Kind(row.kind), row.step)


def _day(instant_ms: int | None, zone: ZoneInfo) -> date | None:
    return None if instant_ms is None else local_date(instant_ms, zone)


def _said(form: Mapping[str, Any], done_on: date | None) -> DoneFacts:
    return DoneFacts(
        done_on=done_on,
        hours=form.get("hours"),
        technician=form.get("technician"),
        signed_by=form.get("signed_by"),
        genuine_oils=form.get("genuine_oils") is True,
        items=tuple(form.get("items") or ()),
        findings=form.get("findings"),
        service_record_no=form.get("service_record_no"),
        nothing_removed=form.get("nothing_removed") is True,
        winter_items=form.get("winter_items") is True,
    )


def _winter(keeper: Keeper, row: Row[Any], today: date) -> tuple[tuple[Season, ...], bool]:
    """The winters in which a monthly sheet may be dated, and whether it can only be dated in one (rules 4)."""
    window = keeper.rulebook.winter.window(row.region)
    if row.kind != Kind.STOCK_UPKEEP or window is None:
        return (), False
    start, until = (row.closed_on,) * 2 if row.state == State.DONE else (row.opens_on, max(row.due_on, today))
    seasons = tuple(window.seasons(start, until))
    return seasons, any(season.opens_on <= start and until <= season.ends_on for season in seasons)


def _ordinal(keeper: Keeper, row: Row[Any]) -> int | None:
    """Which of the warranty's mandatory visits it is, by the plan the order was opened under."""
    if row.kind != Kind.MANDATORY_VISIT or row.warranty is None:
        return None
    steps = [step.step for step in keeper.rulebook.plans[row.plan_version].steps(Warranty(row.warranty))]
    return steps.index(row.step) + 1 if row.step in steps else None


def _warranty_until(keeper: Keeper, row: Row[Any]) -> date | None:
    if row.handed_over_on is None or row.warranty is None:
        return None
    return keeper.rulebook.plan.warranty_ends_on(row.handed_over_on, Warranty(row.warranty))


def _region_name(keeper: Keeper, region: str | None) -> str | None:
    window = keeper.rulebook.winter.windows.get(region or "")
    return None if window is None else window.name
