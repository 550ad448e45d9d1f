"""Made-up letters, with all facts and with none, by which templates are tried before they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from notifications.letter import Addressee, FindingFacts, Letter, OrderFacts
from notifications.occasions import FOUND, INVITING, OF_FINDINGS, Occasion, Role
from notifications.sample_digest import sample_digest
from notifications.words import Words, words_in
from schedules.finding import FindingKind
from schedules.machine import Category
from schedules.work_order import OPEN_STATES, Cause, Kind, State

_RICH = OrderFacts(
    machine_id="LG0001",
    model="LG855N",
    category=Category.LOADER,
    kind=Kind.MANDATORY_VISIT,
    step="600",
    state=State.UPCOMING,
    cause=None,
    opens_on=date(2025, 5, 3),
    due_on=date(2025, 6, 3),
    overdue_on=date(2025, 6, 4),
    late_days=None,
    total_hours=571.5,
    threshold_hours=600.0,
    projected_due_on=date(2025, 5, 6),
    projected_is_assumed=False,
    customer="张先生",
    customer_phone="13800000000",
    customer_reachable=True,
    service_centre="SC-1",
    service_centre_name="济南特约服务中心",
    service_centre_phone="0531-0000000",
    region="37",
    yard="Y-1",
    plan_version="1",
    number=17,
    region_name="山东 Shandong",
)
_SHAPES = {
    Kind.MANDATORY_VISIT: ("600", "1200", 600.0),
    Kind.SELF_SERVICE: ("3000", "3600", 3000.0),
    Kind.STOCK_UPKEEP: ("2026-11", "2026-12", None),
    Kind.FREEZE_PROTECTION: ("2025-26@23", "2026@50", None),
}
_KINDS = {
    "visit": Kind.MANDATORY_VISIT,
    "self": Kind.SELF_SERVICE,
    "stock": Kind.STOCK_UPKEEP,
    "freeze": Kind.FREEZE_PROTECTION,
    "copy": Kind.MANDATORY_VISIT,
}
_STATES = {
    "sent": State.DONE,
    "upcoming": State.UPCOMING,
    "opened": State.UPCOMING,
    "due": State.DUE,
    "lapsed": State.LAPSED,
    "scheduled": State.DUE,
    "off": State.CANCELLED,
}


def sample_letters(locale: str) -> Iterator[Letter]:
    """Every occasion to every role.

    One order with all facts, one with the fewest an order can have, several machines and steps; to managers
    also more machines than a letter shows in full.
    """
    yield sample_letter(Occasion.WEEKLY_DIGEST, Role.MANAGER, locale)
    for occasion in Occasion:
        for role in Role if occasion is not Occasion.WEEKLY_DIGEST else ():
            addressee = _addressee(role, locale)
            if occasion in OF_FINDINGS:
                for findings in _findings(occasion):
                    yield Letter(f"sample-{occasion}", occasion, addressee, (), 0, findings=findings)
                continue
            for orders in _orders(occasion, locale)[: 4 if role is Role.MANAGER else 3]:
                yield Letter(f"sample-{occasion}", occasion, addressee, orders, 0)


def sample_letter(occasion: Occasion, role: Role, locale: str) -> Letter:
    """One letter with several machines and steps, for a preview."""
    if occasion is Occasion.WEEKLY_DIGEST:
        return Letter(f"sample-{occasion}", occasion, _addressee(role, locale), (), 0, sample_digest())
    if occasion in OF_FINDINGS:
        return Letter(f"sample-{occasion}", occasion, _addressee(role, locale), (), 0, findings=_findings(occasion)[1])
    return Letter(f"sample-{occasion}", occasion, _addressee(role, locale), _orders(occasion, locale)[2], 0)


def _findings(occasion: Occasion) -> tuple[tuple[FindingFacts, ...], ...]:
    kind = next(kind for kind, told in FOUND.items() if told is occasion)
    agreed = kind is FindingKind.METER_NEEDS_DECISION
    rich = FindingFacts(
        kind=kind,
        since=date(2025, 5, 3),
        least_hours=6120.5 if agreed else None,
        most_hours=6140.0 if agreed else None,
        machine_id="LG0001",
        model="LG855N",
        category=Category.LOADER,
        total_hours=571.5,
        customer="张先生",
        customer_phone="13800000000",
        service_centre="SC-1",
        service_centre_name="济南特约服务中心",
        service_centre_phone="0531-0000000",
        region="37",
    )
    nothing: dict[str, Any] = dict.fromkeys(("customer", "customer_phone", "service_centre", "region", "model"))
    bare = replace(
        rich, **nothing, machine_id="LG0002", total_hours=None, service_centre_name=None, service_centre_phone=None
    )
    return (bare,), (rich, bare)


def _addressee(role: Role, locale: str) -> Addressee:
    return Addressee(role, f"sample-{role}", "王师傅", "sample@example.org", "13900000000", locale)


def _orders(occasion: Occasion, locale: str) -> tuple[tuple[OrderFacts, ...], ...]:
    rich = _rich(occasion)
    rich = replace(rich, why=_why(rich, words_in(locale)))
    step = _SHAPES[rich.kind][1]
    hours = float(step) if step.isdecimal() else None
    higher = replace(rich, step=step, threshold_hours=hours, number=18, sequence=18)
    other = replace(_bare(rich), machine_id="LG0002", category=Category.ROLLER, model="LG520B")
    many = tuple(replace(other, machine_id=f"LG{number:04d}") for number in range(3, 63))
    several = (rich, higher, other)
    return (rich,), (_bare(rich),), several, (*several, *many)


def _rich(occasion: Occasion) -> OrderFacts:
    kind = _KINDS[occasion.partition("_")[0]]
    state = _STATES.get(occasion.rpartition("_")[2], State.OVERDUE)
    step, _, threshold = _SHAPES[kind]
    agreed = date(2025, 6, 1) if occasion in INVITING else None
    order = replace(_RICH, kind=kind, state=state, step=step, threshold_hours=threshold, scheduled_for=agreed)
    if state is State.UPCOMING:
        return order if threshold else replace(order, projected_due_on=None)
    if state is State.DONE:
        done_on, sent_by = date(2025, 5, 30), date(2025, 6, 5)
        return replace(order, cause=Cause.HOURS, projected_due_on=None, closed_on=done_on, sent_by=sent_by)
    late_days = 12 if state is State.OVERDUE else None
    cause = Cause.HOURS if threshold else Cause.CALENDAR
    return replace(order, cause=cause, late_days=late_days, total_hours=662.25, projected_due_on=None)


def _why(order: OrderFacts, _: Words) -> tuple[str, ...]:
    """A sentence such as real letters have."""
    if order.state is State.CANCELLED:
        return (
            _("{state} on {day}: {why}.").format(
                state=_("cancelled").capitalize(), day=date(2025, 5, 28), why=_("somebody cancelled it")
            ),
        )
    if order.state in OPEN_STATES and order.cause is Cause.HOURS:
        return (_("Due since {day} by hours.").format(day=order.due_on),)
    if order.state in OPEN_STATES and order.cause is Cause.CALENDAR:
        return (_("Due since {day} by the calendar.").format(day=order.due_on),)
    return ()


def _bare(order: OrderFacts) -> OrderFacts:
    return replace(
        order,
        model=None,
        cause=None,
        opens_on=None,
        due_on=None,
        overdue_on=None,
        late_days=None,
        total_hours=None,
        threshold_hours=None,
        projected_due_on=None,
        projected_is_assumed=True,
        customer=None,
        customer_phone=None,
        customer_reachable=False,
        service_centre=None,
        service_centre_name=None,
        service_centre_phone=None,
        region=None,
        yard=None,
        number=None,
        region_name=None,
        scheduled_for=None,
        why=(),
    )
