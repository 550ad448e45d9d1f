"""Whom a notice is for as the registers know them now, and why it is not for them any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from notifications.channels.email_message import address_of
from notifications.letter import Addressee
from notifications.occasions import OF_FINDINGS, Occasion, Role
from notifications.standing import copy_1_no_longer_missing, finding_no_longer_applies, no_longer_applies
from notifications.timing import Timing, wait_of
from notifications.ways import EMAIL, Entry, Way, ways_to
from schedules.machine import Status
from schedules.work_order import State


class ToldManager(Protocol):
    """A manager of the configuration."""

    @property
    def name(self) -> str:
        """As notices name them."""

    @property
    def email(self) -> str | None:
        """Their address."""

    @property
    def phone(self) -> str | None:
        """Their phone."""

    @property
    def locale(self) -> str | None:
        """Their language; None: the general one."""

    def is_concerned(self, service_centre: str | None, region: str | None) -> bool:
        """Whether machines of this centre in this region are theirs."""


class TellingSettings(Protocol):
    """How notices are told: `channel` is `email` or `log`, `locale` the language of who has none of their own."""

    @property
    def channel(self) -> str:
        """The channel of whoever has an address."""

    @property
    def locale(self) -> str:
        """The general language."""

    @property
    def managers(self) -> Sequence[ToldManager]:
        """Who is told what is overdue."""

    @property
    def entries(self) -> Sequence[Entry]:
        """Further channels, and who is told by them."""

    @property
    def timing(self) -> Timing:
        """When letters go."""

    def zone_of(self, role: Role, recipient: str) -> ZoneInfo | None:
        """The recipient's zone; None: the plan's."""


def allowed_ms(telling: TellingSettings, told: tuple[Occasion, Role, str], at_ms: int, zone: ZoneInfo) -> int:
    """The first instant from `at_ms` on at which a recipient may be told on an occasion; `zone` is the plan's."""
    occasion, role, recipient = told
    return telling.timing.allowed_ms(wait_of(occasion, role), at_ms, telling.zone_of(role, recipient) or zone)


def is_reachable(row: Row[Any], telling: TellingSettings) -> bool:
    """Whether a customer (of a row of `notice_facts`) is told directly: by mail, or on their own phone."""
    return is_address(row.customer_email) or _has_phone_way(row, telling)


def _has_phone_way(row: Row[Any], telling: TellingSettings) -> bool:
    to = replace(_registered(row, Role.CUSTOMER, telling), recipient=row.customer or "")
    where = (row.service_centre, row.region)
    return any(each.by_phone and each.leads_to(to, Occasion(row.occasion), *where) for each in telling.entries)


def ways_of(row: Row[Any], to: Addressee, occasion: Occasion, telling: TellingSettings) -> tuple[Way, ...]:
    """How somebody is told of a notice (a row of `notice_facts`) on an occasion."""
    return ways_to(to, occasion, (row.service_centre, row.region), telling.entries, mails=telling.channel == EMAIL)


def ways_of_digest(to: Addressee, telling: TellingSettings) -> tuple[Way, ...]:
    """How a manager is told of all their machines at once: not by a channel for some places only."""
    return ways_to(to, Occasion.WEEKLY_DIGEST, (None, None), telling.entries, mails=telling.channel == EMAIL)


def is_address(email: str | None) -> bool:
    """Whether mail can be sent there at all."""
    try:
        return bool(email and address_of(email.strip()))
    except ValueError:
        return False


def addressee_of(row: Row[Any], telling: TellingSettings) -> Addressee:
    """Who is meant by a notice (a row of `notice_facts`); an unknown one is called by their key."""
    role = Role(row.role)
    return _manager(row, telling) if role is Role.MANAGER else _registered(row, role, telling)


def _registered(row: Row[Any], role: Role, telling: TellingSettings) -> Addressee:
    name, email, phone, locale = {
        Role.SERVICE_CENTRE: (row.centre_name, row.centre_email, row.centre_phone, row.centre_locale),
        Role.YARD: (row.yard_name, row.yard_email, row.yard_phone, row.yard_locale),
        Role.CUSTOMER: (row.customer, row.customer_email, row.customer_phone, row.customer_locale),
    }[role]
    address = (email or "").strip() or None
    number = (phone or "").strip() or None
    return Addressee(role, row.recipient, name or row.recipient, address, number, locale or telling.locale)


def _manager(row: Row[Any], telling: TellingSettings) -> Addressee:
    for manager in telling.managers:
        if manager.name == row.recipient:
            locale = manager.locale or telling.locale
            return Addressee(Role.MANAGER, manager.name, manager.name, manager.email, manager.phone, locale)
    return Addressee(Role.MANAGER, row.recipient, row.recipient, None, None, telling.locale)


def why_not(row: Row[Any], telling: TellingSettings, today: date, *, only_reachable: bool) -> str | None:
    """Why a notice is not told any more (rules 8); None if it stands.

    `only_reachable`: a customer without an address is told by the service centre, not by us.
    """
    role = Role(row.role)
    gone = _gone(row, role, today)
    return gone or _not_theirs(row, role, telling) or (_unreachable(row, role, telling) if only_reachable else None)


def _gone(row: Row[Any], role: Role, today: date) -> str | None:
    occasion, status = Occasion(row.occasion), Status(row.status)
    if occasion in OF_FINDINGS:
        return finding_no_longer_applies(status, is_open=row.finding_opened_on is not None)
    state = None if row.state is None else State(row.state)
    gone = no_longer_applies(occasion, role, state, status, acknowledged=row.acknowledged_ms is not None)
    if occasion is Occasion.COPY_1_NOT_SENT:
        return gone or copy_1_no_longer_missing(row.copy_1_sent_on, date.fromisoformat(row.round), today)
    return gone


def _not_theirs(row: Row[Any], role: Role, telling: TellingSettings) -> str | None:
    if role is Role.MANAGER:
        named = [manager for manager in telling.managers if manager.name == row.recipient]
        concerned = any(manager.is_concerned(row.service_centre, row.region) for manager in named)
        return None if concerned else "no manager of this name is concerned with the machine"
    owner, what = {
        Role.SERVICE_CENTRE: (row.service_centre, "service centre"),
        Role.YARD: (row.yard, "yard"),
        Role.CUSTOMER: (row.customer, "customer"),
    }[role]
    return None if owner == row.recipient else f"the machine has another {what}"


def _unreachable(row: Row[Any], role: Role, telling: TellingSettings) -> str | None:
    if role is not Role.CUSTOMER or is_reachable(row, telling):
        return None
    return "no usable address: told through the service centre"
