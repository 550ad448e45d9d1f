"""A service centre's visits as a calendar to subscribe to (RFC 5545, 7986): agreed days, and expected ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256

from icalendar import Calendar, Event

from notifications.names import order_name
from notifications.plain import plain
from notifications.words import Words
from schedules.work_order import Kind

_REFRESH = timedelta(hours=6)
_KNOWN_BY = 32


class Standing(StrEnum):
    """What an entry rests on: a day agreed with the user, an order without one, or a date that is expected."""

    AGREED = "agreed"
    OVERDUE = "overdue"
    DUE = "due"
    ESTIMATE = "estimate"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Visit:
    """One entry: a step of a machine, on a day; `late_days` if it is overdue, `address` where it is found in pages."""

    machine_id: str
    kind: Kind
    step: str
    on: date
    standing: Standing
    model: str | None = None
    customer: str | None = None
    customer_phone: str | None = None
    region: str | None = None
    late_days: int | None = None
    hours: str = ""
    address: str = ""


def calendar_feed(name: str, host: str, visits: Iterable[Visit], today: date, _: Words) -> bytes:
    """The calendar of a centre called `name`, as `host` publishes it; the same visits give the same bytes all day."""
    calendar = Calendar()
    title = _("Visits of {centre}").format(centre=plain(name))
    calendar.add("prodid", "-//hourkeeper//visits//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", title)
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", _REFRESH)
    for visit in visits:
        calendar.add_component(_event(visit, host, today, _))
    return bytes(calendar.to_ical())


def _event(visit: Visit, host: str, today: date, _: Words) -> Event:
    event = Event()
    event.add("uid", uid_of(visit, host))
    event.add("dtstamp", datetime.combine(today, time(), UTC))
    event.add("dtstart", visit.on)
    event.add("dtend", visit.on + timedelta(days=1))
    event.add("summary", _summary(visit, _))
    event.add("description", "\n".join(_lines(visit, _)))
    if place := ", ".join(plain(part) for part in (visit.customer, visit.region) if part):
        event.add("location", place)
    if visit.address:
        event.add("url", visit.address)
    event.add("status", "CONFIRMED" if visit.standing is Standing.AGREED else "TENTATIVE")
    # A visit takes an hour of the day, not the day.
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")
    return event


def uid_of(visit: Visit, host: str) -> str:
    """The same for one step of one machine, from the first estimate to the agreed day."""
    identity = f"{visit.machine_id}/{visit.kind}/{visit.step}"
    return f"{sha256(identity.encode('utf-8', 'replace')).hexdigest()[:_KNOWN_BY]}@{host}"


def _machine(visit: Visit) -> str:
    return " ".join(plain(part) for part in (visit.model, visit.machine_id) if part)


def _summary(visit: Visit, _: Words) -> str:
    sentences = {
        Standing.AGREED: _("{machine}: {visit}, agreed"),
        Standing.OVERDUE: _("{machine}: {visit} overdue by {days} d, no day agreed"),
        Standing.DUE: _("{machine}: {visit} due, no day agreed"),
        Standing.ESTIMATE: _("{machine}: {visit} probably due"),
        Standing.CALENDAR: _("{machine}: {visit} due by the calendar"),
    }
    name = order_name(visit.kind, visit.step, _)
    return sentences[visit.standing].format(machine=_machine(visit), visit=name, days=visit.late_days)


def _lines(visit: Visit, _: Words) -> Sequence[str]:
    """Whom to call, how far the machine has run, and where to read more."""
    user = " ".join(plain(part) for part in (visit.customer, visit.customer_phone) if part)
    return [
        *([_("User: {user}").format(user=user)] if user else []),
        *([_("Hour meter: {hours} h").format(hours=visit.hours)] if visit.hours else []),
        *([visit.address] if visit.address else []),
    ]
