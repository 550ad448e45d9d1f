"""What a letter says of its orders, in the words storey's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Row

from adapters.store.addressees import TellingSettings, is_address, is_reachable
from adapters.store.machines import order_of
from notifications.letter import FindingFacts, OrderFacts
from notifications.occasions import Occasion
from notifications.why import reasons
from notifications.words import Words
from schedules.finding import FindingKind
from schedules.forecast import Basis, Projection
from schedules.hours import shown
from schedules.machine import Category
from schedules.rulebook import Rulebook
from schedules.winter import WinterTable


def order_facts(
    rows: Sequence[Row[Any]],
    projected: Mapping[str, Projection],
    rules: tuple[Rulebook, TellingSettings],
    today: date,
    words: Words,
) -> tuple[OrderFacts, ...]:
    """Each order once, however many notices of it a letter holds (rows of `notice_facts`); why it is due in `words`."""
    rulebook, telling = rules
    once = {(row.machine_id, row.kind, row.step): row for row in rows}
    return tuple(
        replace(
            facts_of(row, projected.get(row.machine_id), rulebook.winter, today),
            customer_reachable=is_reachable(row, telling),
            number=row.order_number,
            scheduled_for=row.scheduled_for,
            # Notices are numbered in the order in which they are written.
            sequence=row.id,
            sent_by=date.fromisoformat(row.round) if row.occasion == Occasion.COPY_1_NOT_SENT else None,
            why=tuple(_why(row, rulebook, today, words)),
        )
        for row in once.values()
    )


def _why(row: Row[Any], rulebook: Rulebook, today: date, words: Words) -> Iterator[str]:
    plan = rulebook.plans.get(row.plan_version, rulebook.plan)
    approximate = rulebook.winter.is_approximate(row.step, today)
    return reasons(order_of(row), plan, row.handed_over_on, None, words, approximate=approximate)


def facts_of(row: Row[Any], projection: Projection | None, winter: WinterTable, today: date) -> OrderFacts:
    """One order, out of a row with its machine, meter and service centre; reachable is a customer with an address."""
    order = order_of(row)
    expected = None if projection is None else projection.of_order(order, today)
    return OrderFacts(
        machine_id=row.machine_id,
        model=row.model,
        category=Category(row.category),
        kind=order.kind,
        step=order.step,
        state=order.state,
        cause=order.cause,
        opens_on=order.opens_on,
        due_on=order.due_on,
        overdue_on=order.overdue_on,
        late_days=order.late_days(today),
        total_hours=_hours(row.total_ms),
        threshold_hours=_hours(row.threshold_ms),
        projected_due_on=expected.on if expected else None,
        is_approximate=winter.is_approximate(row.step, today),
        projected_is_assumed=expected is not None and expected.basis is Basis.ASSUMED,
        customer=row.customer,
        customer_phone=row.customer_phone,
        customer_reachable=is_address(row.customer_email),
        service_centre=row.service_centre,
        service_centre_name=row.centre_name,
        service_centre_phone=row.centre_phone,
        region=row.region,
        yard=row.yard,
        plan_version=order.plan_version,
        closed_on=order.closed_on,
        region_name=winter.windows[row.region].name if row.region in winter.windows else None,
    )


def finding_facts(rows: Sequence[Row[Any]]) -> tuple[FindingFacts, ...]:
    """What a letter says of findings (rows of `notice_facts`), the oldest first."""
    return tuple(sorted((_finding(row) for row in rows), key=lambda each: (each.since, each.machine_id)))


def _finding(row: Row[Any]) -> FindingFacts:
    said = row.finding_details
    return FindingFacts(
        kind=FindingKind(row.kind),
        since=date.fromisoformat(said["since"]) if "since" in said else row.finding_opened_on,
        least_hours=_hours(said.get("least_total_ms")),
        most_hours=_hours(said.get("most_total_ms")),
        machine_id=row.machine_id,
        model=row.model,
        category=Category(row.category),
        total_hours=_hours(row.total_ms),
        customer=row.customer,
        customer_phone=row.customer_phone,
        service_centre=row.service_centre,
        service_centre_name=row.centre_name,
        service_centre_phone=row.centre_phone,
        region=row.region,
    )


def _hours(engine_ms: int | None) -> float | None:
    return None if engine_ms is None else shown(engine_ms)
