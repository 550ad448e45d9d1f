"""A made-up digest, by which its templates are tried before they are needed."""

from __future__ import annotations

from datetime import date, timedelta

from notifications.digest import Digest, DigestFinding, DigestOrder, Place, Rates
from schedules.compliance import Tally
from schedules.finding import FindingKind
from schedules.machine import Category
from schedules.work_order import Kind, State

_MONDAY = date(2026, 3, 2)
_RICH = Place(
    machine_id="LG0001",
    model="LG855N",
    category=Category.LOADER,
    region="37",
    customer="张先生",
    customer_phone="13800000000",
    service_centre="SC-1",
    service_centre_name="济南特约服务中心",
    service_centre_phone="0531-0000000",
)
_BARE = Place(machine_id="LG0002", category=Category.ROLLER)
_UNSOLD = Place(machine_id="LG0003", model="LG520B", category=Category.ROLLER, region="23", yard="Y-1")


def sample_digest() -> Digest:
    """Some of everything, with all facts and with none, and more overdue orders than a mail shows."""
    overdue = tuple(_overdue(number) for number in range(24))
    return Digest(
        on=_MONDAY,
        until=_MONDAY + timedelta(days=6),
        quarter_from=date(2025, 10, 1),
        overdue=overdue,
        overdue_count=len(overdue),
        ahead=(
            _ahead(_RICH, Kind.MANDATORY_VISIT, "600", scheduled_for=_MONDAY + timedelta(days=2)),
            _ahead(_BARE, Kind.MANDATORY_VISIT, "1200", is_estimate=True),
            _ahead(_UNSOLD, Kind.FREEZE_PROTECTION, "2025-26@23"),
        ),
        ahead_count=3,
        rates=(Rates("SC-1", Tally(9, 1, 0), Tally(26, 3, 1)), Rates("SC-2", Tally(), Tally(4, 0, 4))),
        all_rates=Rates(None, Tally(9, 1, 0), Tally(30, 3, 5)),
        unheard=(
            DigestFinding(_RICH, FindingKind.SILENT, _MONDAY - timedelta(days=11)),
            DigestFinding(_BARE, FindingKind.NEVER_REPORTED, _MONDAY - timedelta(days=9)),
        ),
        undecided=(DigestFinding(_RICH, FindingKind.METER_NEEDS_DECISION, _MONDAY - timedelta(days=1)),),
    )


def _overdue(number: int) -> DigestOrder:
    late_days = 30 - number
    return DigestOrder(
        place=(_RICH, _BARE, _UNSOLD)[number % 3],
        kind=(Kind.MANDATORY_VISIT, Kind.MANDATORY_VISIT, Kind.STOCK_UPKEEP)[number % 3],
        step=("600", "100", "2026-01")[number % 3],
        state=State.OVERDUE,
        due_on=_MONDAY - timedelta(days=late_days),
        late_days=late_days,
        total_hours=662.25,
        acknowledged=number == 0,
    )


def _ahead(
    place: Place, kind: Kind, step: str, *, is_estimate: bool = False, scheduled_for: date | None = None
) -> DigestOrder:
    return DigestOrder(
        place=place,
        kind=kind,
        step=step,
        state=State.UPCOMING,
        due_on=_MONDAY + timedelta(days=3),
        is_estimate=is_estimate,
        scheduled_for=scheduled_for,
    )
