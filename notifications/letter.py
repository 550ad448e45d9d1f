"""What is told: who it is for, which orders it is about, and the finished words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from notifications.digest import Digest
from notifications.occasions import Occasion, Role
from schedules.finding import FindingKind
from schedules.machine import Category
from schedules.work_order import Cause, Kind, State


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a letter is for.

    `recipient` identifies them (a centre's, yard's or customer's key), `address` is the e-mail address or
    None, `locale` the language of the letter (`zh-CN`, `en`).
    """

    role: Role
    recipient: str
    name: str
    address: str | None
    phone: str | None
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """One work order as it stands when the letter is written; what is not known is None.

    Hours are engine hours with at most 3 decimals; `late_days` as in rules 0. `projected_due_on` is an
    estimate (rules 7), `projected_is_assumed` says that it rests on the category's assumed use.
    `is_approximate`: its dates are rough defaults of the winter table. `customer_reachable`: the customer has
    an address and is told directly. `why`: sentences in the reader's language. `sequence` rises with every
    change that is told of the agreed day.
    """

    machine_id: str
    model: str | None
    category: Category
    kind: Kind
    step: str
    state: State
    cause: Cause | None
    opens_on: date | None
    due_on: date | None
    overdue_on: date | None
    late_days: int | None
    total_hours: float | None
    threshold_hours: float | None
    projected_due_on: date | None
    projected_is_assumed: bool
    is_approximate: bool = False
    customer: str | None
    customer_phone: str | None
    customer_reachable: bool
    service_centre: str | None
    service_centre_name: str | None
    service_centre_phone: str | None
    region: str | None
    yard: str | None
    plan_version: str
    number: int | None = None
    region_name: str | None = None
    why: tuple[str, ...] = ()
    scheduled_for: date | None = None
    sequence: int = 0
    closed_on: date | None = None
    sent_by: date | None = None
    """The last day on which copy 1 of the form is in time; of visits that are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFacts:
    """A finding as it stands when the letter is written: `since` the day it began, `least_hours` and `most_hours` what
    refused readings show that agree among themselves.
    """

    kind: FindingKind
    since: date
    least_hours: float | None = None
    most_hours: float | None = None
    machine_id: str
    model: str | None
    category: Category
    total_hours: float | None
    customer: str | None
    customer_phone: str | None
    service_centre: str | None
    service_centre_name: str | None
    service_centre_phone: str | None
    region: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice to one recipient, about as many orders as belong in it; to managers also about findings, or a digest
    of the week.

    `letter_id` is the same for every attempt to send it; `attempts` were made before the present one.
    """

    letter_id: str
    occasion: Occasion
    addressee: Addressee
    orders: tuple[OrderFacts, ...]
    attempts: int
    digest: Digest | None = None
    findings: tuple[FindingFacts, ...] = ()

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing left in it to tell."""
        return not self.orders and not self.findings and self.digest is None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter; `media_type` as in `text/calendar`."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter in words; the subject is one line, `images` are shown by the HTML under `cid:` and their name."""

    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    images: tuple[Attachment, ...] = ()
