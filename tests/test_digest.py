"""The weekly digest: what it says of whose machines, once a week and manager, by mail with a table that opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from adapters.files.visit_items import shipped_visit_items
from adapters.store.tables import letters, machines, work_orders
from daemon import life
from daemon.digest_facts import digest_for
from daemon.digests import write_digests
from daemon.keeper import Manager, Telling
from daemon.outbox import outbox_of
from notifications.channels.email import EmailChannel, MailServer, Security
from notifications.digest import Digest, DigestOrder
from notifications.letter import Addressee, Letter
from notifications.occasions import Occasion, Role
from notifications.relay import RetryPolicy, deliver_one
from notifications.rendering import Renderer
from notifications.sample_digest import sample_digest
from notifications.sample_letters import sample_letter
from notifications.timing import Timing
from notifications.working_days import WorkingDays
from schedules.finding import FindingKind
from schedules.machine import Category, Warranty
from schedules.work_order import Kind
from tests.keeping import MINUTE, World, at
from tests.support.mail import SENDER, Mailbox, mailbox

HOUR = 60 * MINUTE
ITEMS = shipped_visit_items()
BOSS = Manager("Boss", "boss@maker.example", "en")
JINAN = Manager("Li", "li@maker.example", "zh-CN", service_centres=frozenset({"SC7"}))
NORTH = Manager("Wang", "wang@maker.example", regions=frozenset({"23"}))
TELLING = Telling(channel="email", managers=(BOSS, JINAN, NORTH))


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "digest.db", TELLING)
    made.registers()
    made.now_ms = at("2025-03-03 10:00")  # a Monday
    return made


def days_pass(world: World, until: str) -> None:
    """The calendar is swept day by day."""
    last = date.fromisoformat(until)
    day = world.keeper.today(world.now_ms) + timedelta(days=1)
    while day <= last:
        world.goes_to(f"{day} 00:00")
        day += timedelta(days=1)


def named(orders: tuple[DigestOrder, ...]) -> list[str]:
    return [f"{order.place.machine_id}/{order.step} {order.due_on} {order.late_days}" for order in orders]


def written(world: World, when: str) -> set[str]:
    """Who gets a digest by a moment."""
    world.goes_to(when)
    before = recipients(world)
    write_digests(world.keeper, world.now_ms)
    return recipients(world) - before


def recipients(world: World) -> set[str]:
    with world.keeper.store.read() as connection:
        rows = connection.execute(select(letters).where(letters.c.occasion == "weekly_digest")).all()
    return {f"{row.recipient} {world.keeper.today(row.created_ms)}" for row in rows}


# --- what it says ---


@pytest.fixture
def fleet(world: World) -> World:
    """L1 late by 11 days, L2 late by 4 and acknowledged, L3 due in the week, L4 due after it, S1 unsold; L5 is a user's
    machine in the north that nobody hears of.
    """
    world.sells("L1")
    world.sells("L5", region="23", service_centre="SC8", customer="李四")
    world.stocks("S1")
    days_pass(world, "2025-03-10")
    world.sells("L2")
    days_pass(world, "2025-03-17")
    world.sells("L3")
    world.does("L5", "100")
    days_pass(world, "2025-03-24")
    world.sells("L4", region="23", service_centre="SC8", customer="李四")
    world.acknowledges("L2", "100")
    world.now_ms += 8 * HOUR
    return world


def test_it_says_what_is_late_what_is_coming_and_what_is_not_known(fleet: World) -> None:
    found = digest_for(fleet.keeper, BOSS, fleet.now_ms)

    assert (found.on, found.until) == (date(2025, 3, 24), date(2025, 3, 30))
    assert named(found.overdue) == ["L1/100 2025-03-13 11", "L2/100 2025-03-20 4"]
    assert [order.acknowledged for order in found.overdue] == [False, True]
    assert named(found.ahead) == ["L3/100 2025-03-27 None"]
    assert (found.overdue_count, found.ahead_count) == (2, 1)
    silent = [(each.place.machine_id, each.kind, each.since) for each in found.unheard]
    assert silent == [
        ("L1", FindingKind.NEVER_REPORTED, date(2025, 3, 10)),
        ("L5", FindingKind.NEVER_REPORTED, date(2025, 3, 10)),
        ("L2", FindingKind.NEVER_REPORTED, date(2025, 3, 17)),
        ("L3", FindingKind.NEVER_REPORTED, date(2025, 3, 24)),
    ]
    assert found.undecided == ()


def test_a_month_that_ends_in_the_week_brings_its_unsold_machines(fleet: World) -> None:
    days_pass(fleet, "2025-03-31")

    found = digest_for(fleet.keeper, BOSS, fleet.now_ms)

    assert "S1/2025-03 2025-03-31 None" in named(found.ahead)


def test_hours_bring_a_visit_into_the_week_and_mark_it_as_an_estimate(fleet: World) -> None:
    days_pass(fleet, "2025-03-27")
    fleet.reads("L4", "70")

    found = {order.place.machine_id: order for order in digest_for(fleet.keeper, BOSS, fleet.now_ms).ahead}

    assert (found["L4"].due_on, found["L4"].is_estimate) == (date(2025, 3, 31), True)  # 30 h to go, 8 h a day assumed
    assert (found["L3"].due_on, found["L3"].is_estimate) == (date(2025, 3, 27), False)


def test_compliance_is_of_this_month_and_the_last_quarter(fleet: World) -> None:
    days_pass(fleet, "2025-04-07")

    found = digest_for(fleet.keeper, BOSS, fleet.now_ms)

    assert found.quarter_from == date(2025, 1, 1)
    # Due in the quarter: L1, L2 and L3 are overdue still, L5 was done late, the unsold machine's month is overdue.
    quarter = found.all_rates.quarter
    assert (quarter.done_on_time, quarter.done_late, quarter.overdue, quarter.compliance) == (0, 1, 4, 0.0)
    assert [(rates.service_centre, rates.quarter.overdue, rates.month.overdue) for rates in found.rates] == [
        ("SC7", 3, 0),
        ("SC8", 0, 1),
    ]


def test_a_manager_reads_of_the_machines_that_are_theirs(fleet: World) -> None:
    jinan, north = (digest_for(fleet.keeper, manager, fleet.now_ms) for manager in (JINAN, NORTH))

    assert [order.place.machine_id for order in (*jinan.overdue, *jinan.ahead)] == ["L1", "L2", "L3"]
    assert [each.place.machine_id for each in jinan.unheard] == ["L1", "L2", "L3"]
    assert (north.overdue, north.ahead) == ((), ())
    assert [each.place.machine_id for each in north.unheard] == ["L5"]
    assert [rates.service_centre for rates in north.rates] == ["SC8"]


def test_last_quarter_is_the_last_whole_one(world: World) -> None:
    begun = [digest_for(world.keeper, BOSS, at(f"2025-{month}-15 08:00")).quarter_from for month in ("01", "03", "04")]

    assert begun == [date(2024, 10, 1), date(2024, 10, 1), date(2025, 1, 1)]


# --- when ---


def test_each_manager_is_told_once_a_week_on_monday_morning(world: World) -> None:
    days_pass(world, "2025-03-09")

    assert written(world, "2025-03-10 07:59") == set()
    assert written(world, "2025-03-10 08:00") == {f"{name} 2025-03-10" for name in ("Boss", "Li", "Wang")}
    assert written(world, "2025-03-12 08:00") == set()
    assert written(world, "2025-03-17 09:00") == {f"{name} 2025-03-17" for name in ("Boss", "Li", "Wang")}


def test_the_week_in_which_we_begin_has_none(world: World) -> None:
    days_pass(world, "2025-03-05")

    assert written(world, "2025-03-05 12:00") == set()


def test_after_a_downtime_only_the_weeks_own_is_written(world: World) -> None:
    days_pass(world, "2025-03-09")

    assert written(world, "2025-04-02 12:00") == {f"{name} 2025-04-02" for name in ("Boss", "Li", "Wang")}
    assert len(recipients(world)) == len(TELLING.managers)


def test_day_and_morning_are_settings_and_a_holiday_is_waited_for(world: World) -> None:
    working = WorkingDays(extra_holidays=frozenset({date(2025, 3, 14)}))
    berlin = replace(BOSS, zone=ZoneInfo("Europe/Berlin"))
    world.tell_by(Telling(channel="email", managers=(JINAN, berlin), digest_on=4, timing=Timing(working=working)))
    days_pass(world, "2025-03-14")

    assert written(world, "2025-03-14 20:00") == set()
    assert written(world, "2025-03-15 08:00") == {"Li 2025-03-15"}
    assert written(world, "2025-03-15 15:00") == {"Boss 2025-03-15"}
    world.tell_by(replace(TELLING, digest_on=None))
    assert written(world, "2025-03-28 20:00") == set()


def test_two_daemons_write_one(world: World) -> None:
    days_pass(world, "2025-03-10")
    world.now_ms += 9 * HOUR

    assert write_digests(world.keeper, world.now_ms) == len(TELLING.managers)
    assert write_digests(world.keeper, world.now_ms) == 0
    assert world.states() == ["waiting"] * len(TELLING.managers)


@pytest.mark.parametrize("reason", ["a later one", "no manager"])
def test_a_digest_that_nobody_is_to_get_any_more_is_dropped(world: World, reason: str) -> None:
    days_pass(world, "2025-03-10")
    written(world, "2025-03-10 08:00")
    if reason == "a later one":
        world.now_ms = at("2025-03-17 08:00")
    else:
        world.tell_by(replace(TELLING, managers=()))

    claimed = outbox_of(world.keeper).claim(world.now_ms, MINUTE)

    assert claimed is not None
    assert claimed.letter.says_nothing
    assert claimed.letter.occasion is Occasion.WEEKLY_DIGEST


# --- the mail ---


@pytest.fixture
def mails() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


def sent(world: World, mails: Mailbox) -> dict[str, EmailMessage]:
    """What the mail server takes of all that waits, by address."""
    channel = EmailChannel(MailServer("127.0.0.1", mails.port, SENDER, security=Security.NONE))
    renderer = Renderer(lambda _: ITEMS, page="https://hk.example")
    while deliver_one(world.outbox, {"email": channel}, renderer, world.clock, RetryPolicy()):
        pass
    return dict(mails.letters)


def test_it_goes_by_mail_with_a_table_that_opens(fleet: World, mails: Mailbox) -> None:
    with fleet.keeper.store.write() as connection:
        hostile = update(machines).where(machines.c.machine_id == "L1")
        connection.execute(hostile.values(customer='=cmd|"/c calc"!A1', model="<b>L\u202e</b>"))
    write_digests(fleet.keeper, fleet.now_ms)

    message = sent(fleet, mails)["boss@maker.example"]

    assert message["Subject"] == "Week of 2025-03-24: 2 overdue, 1 due, 4 silent"
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "11 days late · nobody has acknowledged it · 济南服务中心 0531-1234567" in text.get_content()
    assert "L1 &lt;b&gt;L" in html.get_content()
    (table,) = message.iter_attachments()
    assert table.get_filename() == "hourkeeper-2025-03-24.xlsx"
    book = CalamineWorkbook.from_filelike(BytesIO(table.get_content()))
    assert book.sheet_names == ["Overdue", "Due", "Done on time", "Not heard of", "Meters to decide"]
    headings, first, second = book.get_sheet_by_name("Overdue").to_python()
    row = dict(zip(headings, first, strict=True))
    assert (row["machine id"], row["customer"], row["due on"]) == ("L1", '=cmd|"/c calc"!A1', date(2025, 3, 13))
    assert (row["late days"], row["acknowledged"], second[-1]) == (11, "no", "yes")


def test_a_cell_is_never_a_formula(fleet: World, mails: Mailbox) -> None:
    with fleet.keeper.store.write() as connection:
        connection.execute(update(machines).values(customer="=1+1", customer_phone="+86-1", model="@SUM(A1)"))
    write_digests(fleet.keeper, fleet.now_ms)

    (table,) = sent(fleet, mails)["li@maker.example"].iter_attachments()

    content = BytesIO(table.get_content())
    book = CalamineWorkbook.from_filelike(content)
    assert book.sheet_names[0] == "已逾期"
    for sheet in book.sheet_names[:2]:
        rows = book.get_sheet_by_name(sheet).to_python()
        assert {(row[1], row[6], row[7]) for row in rows[1:]} == {("@SUM(A1)", "=1+1", "+86-1")}
    with ZipFile(content) as parts:
        pages = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(pages) == len(book.sheet_names)
    for page in pages:
        assert b"<f>" not in page
        assert b"hyperlink" not in page
        assert b'state="frozen"' in page


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_without_its_template_it_says_the_same_plainly(tmp_path: Path, locale: str) -> None:
    letter = sample_letter(Occasion.WEEKLY_DIGEST, Role.MANAGER, locale)

    rendered = Renderer(lambda _: ITEMS, templates=tmp_path).render(letter)

    assert rendered.subject == Renderer(lambda _: ITEMS).render(letter).subject
    for word in ("LG0001 LG855N", "600", "2026-03-05", "13800000000"):
        assert word in rendered.text
        assert word in rendered.html


def test_an_empty_week_is_said_to_be_one() -> None:
    nothing = replace(
        sample_digest(), overdue=(), overdue_count=0, ahead=(), ahead_count=0, rates=(), unheard=(), undecided=()
    )
    rendered = Renderer(lambda _: ITEMS).render(letter_of(nothing))

    assert rendered.subject == "Week of 2026-03-02: 0 overdue, 0 due, 0 silent"
    assert rendered.text.count("None.") == len(["overdue", "due", "not heard of", "to decide"])


def letter_of(digest: Digest) -> Letter:
    to = Addressee(Role.MANAGER, "Boss", "Boss", "boss@maker.example", None, "en")
    return replace(sample_letter(Occasion.WEEKLY_DIGEST, Role.MANAGER, "en"), addressee=to, digest=digest)


def test_a_digest_counts_no_self_service(world: World) -> None:
    command = life.HandOver("L1", world.now_ms, Warranty.HALF_YEAR, "1810", Category.LOADER)
    with world.keeper.store.write() as connection:
        life.hand_over(connection, world.keeper, command, world.now_ms)
    with world.keeper.store.read() as connection:
        assert connection.execute(select(work_orders.c.id).where(work_orders.c.kind == Kind.SELF_SERVICE)).all()

    kinds = {order.kind for order in digest_for(world.keeper, BOSS, world.now_ms).ahead}

    assert Kind.SELF_SERVICE not in kinds
