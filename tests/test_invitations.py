"""Agreed visits in people's calendars: sent when agreed or moved, taken back when they come to nothing, never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from daemon import work
from daemon.order_id import key_named
from notifications.channels.email_message import compose
from notifications.letter import Letter, Rendered
from notifications.occasions import Occasion, Role
from notifications.outbox import ClaimedLetter
from tests.keeping import MINUTE, World, at
from tests.notifications.making import addressee, facts, letter

VISIT = key_named("mandatory_visit/100")
SENDER = Address("保养提醒", addr_spec="hourkeeper@maker.example")
NOW = datetime(2025, 3, 4, 2, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A sold machine whose first visit is open; nothing else waits to be told."""
    made = World(tmp_path / "hk.db")
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    made.sells("L1")
    made.goes_to("2025-03-13 10:00")
    sent(made)
    return made


def agrees(world: World, on: str) -> None:
    with world.keeper.store.write() as connection:
        work.schedule(connection, world.keeper, "L1", VISIT, date.fromisoformat(on), world.now_ms)


def sent(world: World) -> list[ClaimedLetter]:
    """All that goes out a moment later."""
    world.gathers()
    claims = []
    while (claim := world.outbox.claim(world.now_ms, MINUTE)) is not None:
        if claim.letter.orders:
            world.outbox.mark_sent(claim, world.now_ms, "told")
            claims.append(claim)
        else:
            world.outbox.mark_dropped(claim, "nothing")
    return claims


def told(world: World) -> list[tuple[str, str, Any]]:
    """The entries that go out: recipient's role, method and event."""
    found = []
    for claim in sent(world):
        _, calendar = opened(claim.letter)
        (event,) = calendar.walk("VEVENT")
        found.append((str(claim.letter.addressee.role), str(calendar["METHOD"]), event))
    return sorted(found, key=lambda each: each[0])


def mail(one: Letter, text: str = "Text\n") -> EmailMessage:
    message = compose(one, Rendered("Subject", text, "<p>Text</p>"), SENDER, NOW)
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def opened(one: Letter, text: str = "Text\n") -> tuple[EmailMessage, Any]:
    """A letter's mail, and its invitation as a calendar reads it."""
    message = mail(one, text)
    (part,) = [each for each in message.walk() if each.get_content_type() == "text/calendar"]
    (file,) = message.iter_attachments()
    assert part.get_content().encode().split() == file.get_content().split()
    calendar: Any = Calendar.from_ical(file.get_content())
    assert calendar.errors == []
    assert all(component.errors == [] for component in calendar.walk())
    assert part["Content-Type"].params["method"] == calendar["METHOD"]
    return message, calendar


def test_an_agreed_day_goes_into_the_calendars_of_centre_and_customer(world: World) -> None:
    agrees(world, "2025-03-20")

    (customer, request, event), (centre, _, other) = told(world)

    assert (customer, centre, request) == ("customer", "service_centre", "REQUEST")
    assert event.start == date(2025, 3, 20)
    assert event.end == date(2025, 3, 21)
    assert event["ATTENDEE"] == "mailto:zhang@customer.example"
    assert event["ORGANIZER"] == "mailto:hourkeeper@maker.example"
    assert "L1" in event["SUMMARY"]
    assert event["UID"] != other["UID"]


def test_a_moved_visit_is_the_same_entry_with_a_higher_number(world: World) -> None:
    agrees(world, "2025-03-20")
    first = told(world)
    agrees(world, "2025-03-20")
    assert told(world) == [], "the same day again is no change"
    agrees(world, "2025-03-22")
    second = told(world)
    agrees(world, "2025-03-20")
    third = told(world)

    for one, two, three in zip(first, second, third, strict=True):
        assert one[2]["UID"] == two[2]["UID"] == three[2]["UID"]
        assert one[2]["SEQUENCE"] < two[2]["SEQUENCE"] < three[2]["SEQUENCE"]
        assert [each[2].start.day for each in (one, two, three)] == [20, 22, 20]


def test_of_two_changes_in_a_moment_only_the_last_is_told(world: World) -> None:
    agrees(world, "2025-03-20")
    agrees(world, "2025-03-22")

    assert [event.start.day for _, _, event in told(world)] == [22, 22]


def cancels(world: World) -> None:
    with world.keeper.store.write() as connection:
        work.cancel(connection, world.keeper, "L1", VISIT, "sold abroad", "Wang", world.now_ms)


def test_an_invitation_that_waits_for_another_attempt_is_overtaken(world: World) -> None:
    agrees(world, "2025-03-20")
    world.gathers()
    while (claim := world.outbox.claim(world.now_ms, MINUTE)) is not None:
        world.outbox.mark_retry(claim, world.now_ms + 1, "mail server away")
    agrees(world, "2025-03-22")

    assert [event.start.day for _, _, event in told(world)] == [22, 22]


ENDS: dict[str, Callable[[World], None]] = {
    "cancelled": cancels,
    "retired": lambda world: world.retires("L1"),
    "done earlier": lambda world: world.does("L1", "100"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_visit_that_comes_to_nothing_leaves_the_calendars(world: World, end: str) -> None:
    agrees(world, "2025-03-20")
    invited = told(world)

    ENDS[end](world)

    for (role, _, event), (again, method, gone) in zip(invited, told(world), strict=True):
        assert (role, method) == (again, "CANCEL")
        assert gone["UID"] == event["UID"]
        assert gone["SEQUENCE"] > event["SEQUENCE"]
        assert gone["STATUS"] == "CANCELLED"
    assert told(world) == []


def test_who_was_never_invited_is_not_told_that_it_is_off(world: World) -> None:
    agrees(world, "2025-03-20")
    cancels(world)

    assert told(world) == []


def test_a_visit_done_on_its_day_stays_in_the_calendars(world: World) -> None:
    agrees(world, world.keeper.today(world.now_ms).isoformat())
    told(world)
    world.does("L1", "100")

    assert told(world) == []


HOSTILE = [
    "a\r\nBEGIN:VALARM\r\nEND:VALARM",
    "a\nATTENDEE:mailto:all@evil.example",
    'x";CN="y',
    "a;b,c:d\\n",
    "{{ 7*7 }}<script>alert(1)</script>",
    "\u202egnp.exe",
    "王,李 <all@evil.example>",
    "x" * 500,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_adds_nothing_to_an_invitation(name: str) -> None:
    order = facts(
        machine_id=name, model=name, customer=name, region=name, number=17, scheduled_for=date(2025, 4, 1), sequence=3
    )
    to = addressee(Role.CUSTOMER, name=name)

    message, calendar = opened(letter(order, occasion=Occasion.VISIT_SCHEDULED, to=to), f"{name}\n")

    (event,) = calendar.walk("VEVENT")
    assert [part.name for part in calendar.walk()] == ["VCALENDAR", "VEVENT"]
    assert event["ATTENDEE"] == "mailto:desk@centre.example"
    assert [each.addr_spec for each in message["To"].addresses] == ["desk@centre.example"]
    assert message["Bcc"] is None
    for field in ("SUMMARY", "LOCATION"):
        assert str(event[field]).isprintable()


def test_several_visits_are_a_file_each() -> None:
    orders = [
        facts(machine_id=f"L{number}", number=number, scheduled_for=date(2025, 4, number), sequence=number)
        for number in (1, 2)
    ]
    message = mail(letter(*orders, occasion=Occasion.VISIT_SCHEDULED))

    files: dict[str, Any] = {
        str(part.get_filename()): Calendar.from_ical(part.get_content()) for part in message.iter_attachments()
    }
    assert sorted(files) == ["visit-1.ics", "visit-2.ics"]
    assert len({str(calendar.walk("VEVENT")[0]["UID"]) for calendar in files.values()}) == 2


def test_other_letters_invite_nobody() -> None:
    message = mail(letter(facts(number=17, scheduled_for=date(2025, 4, 1))))

    assert message.get_content_type() == "multipart/alternative"
