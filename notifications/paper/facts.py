"""What is known of an order when its form is printed; what is not known is None, and gets room to write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from notifications.letter import OrderFacts
from schedules.machine import Warranty
from schedules.visit_items import VisitList
from schedules.winter import Season


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneFacts:
    """The form by which an order was done, as it was accepted (rules 6), or the draft of one that was refused, as far
    as it goes; `hours` as it was written.
    """

    done_on: date | None = None
    hours: str | None = None
    technician: str | None = None
    signed_by: str | None = None
    genuine_oils: bool = False
    items: tuple[str, ...] = ()
    findings: str | None = None
    service_record_no: str | None = None
    nothing_removed: bool = False
    winter_items: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """One order with its machine, as its form shows them.

    `work` is by the plan the order was opened under; `winter` are the winter items, where the sheet has to carry them,
    `seasons` the winters they are for, `is_winter` that no other date is possible. `ordinal` counts the mandatory
    visits of the warranty.
    """

    order: OrderFacts
    number: int
    work: VisitList
    printed_on: date
    visit_no: str | None = None
    ordinal: int | None = None
    handed_over_on: date | None = None
    warranty: Warranty | None = None
    warranty_until: date | None = None
    stocked_on: date | None = None
    read_on: date | None = None
    scheduled_for: date | None = None
    yard_name: str | None = None
    yard_phone: str | None = None
    region_name: str | None = None
    winter: VisitList = field(default_factory=VisitList)
    seasons: tuple[Season, ...] = ()
    is_winter: bool = False
    done: DoneFacts | None = None
