"""A fleet's year replayed: who was told what and when, reckoned from the rules by the test's own arithmetic.

Each day goes: the calendar at midnight, letters a minute later and at eight, people act at ten, readings come at eight
in the evening.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from adapters.files.visit_items import shipped_visit_items
from adapters.store.tables import letters, notices, service_centres, yards
from daemon.keeper import Manager, Telling
from daemon.life import HandOver, hand_over
from notifications.letter import Letter, Rendered
from notifications.occasions import Occasion
from notifications.relay import RetryPolicy, deliver_one
from notifications.rendering import Renderer
from schedules.machine import Category, Warranty
from schedules.work_order import Kind
from tests.keeping import World

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
BOSS = Manager("Boss", "boss@maker.example", "en")
NORTH = Manager("North", "north@maker.example", "zh-CN", regions=frozenset({"23"}))
HALF_YEAR = 6
LEAD = {"100": 20, "600": 50, "1200": 50, "1800": 50, "2400": 50}
Told = tuple[str, str, str, str, str]
"""Day, occasion, recipient, machine and step."""


def days(count: int) -> timedelta:
    return timedelta(days=count)


def months(start: date, count: int) -> date:
    year, month = divmod(start.month - 1 + count, 12)
    year += start.year
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def windows(sold: date) -> dict[str, tuple[date, date]]:
    """When each visit opens and is due by the calendar (the table of rules 1)."""
    return {
        "100": (sold + days(7), sold + days(10)),
        "600": (months(sold, 2), months(sold, 3)),
        "1200": (months(sold, 5), months(sold, 6)),
        "1800": (months(sold, 8), months(sold, 9)),
        "2400": (months(sold, 11), months(sold, 12)),
    }


@dataclass
class Life:
    """One machine's year: what its people do, and who is told of it.

    `late_by`: days after its due date on which each visit is done (below 0: before it), None: never.
    `acknowledged_after` days late; `moved_on`: another centre looks after it from the day after.
    """

    name: str
    sold: date
    late_by: int | None = None
    warranty: int = 12
    has_mail: bool = True
    acknowledged_after: int | None = None
    retired_on: date = LAST
    moved_on: date = LAST
    hours_a_day: int = 0

    def steps(self) -> list[str]:
        return ["100", "600", "1200", "1800", "2400"] if self.warranty > HALF_YEAR else ["100", "600", "1200"]

    def reached(self, hours: int) -> date:
        """The day on whose evening the meter first shows so many hours."""
        if not self.hours_a_day:
            return date.max
        return next(self.sold + days(passed) for passed in count() if passed * self.hours_a_day >= hours)

    def due(self, step: str) -> date:
        return min(windows(self.sold)[step][1], self.reached(int(step)))

    def late(self, step: str) -> date:
        """By the calendar: whoever goes by hours comes before the tolerance is used up."""
        return windows(self.sold)[step][1] + days(1)

    def done(self, step: str) -> date:
        return date.max if self.late_by is None else self.due(step) + days(self.late_by)

    def centre(self, day: date) -> str:
        return "SC7" if day <= self.moved_on else "SC8"

    def customer(self) -> list[str]:
        return [f"user of {self.name}"] if self.has_mail else []


def told_of_visits(life: Life) -> Iterator[Told]:
    """What is told of a machine's visits: opened, due, overdue, every week again, missed."""
    lapses = months(life.sold, life.warranty) + days(1)
    for step in life.steps():
        opens, done = windows(life.sold)[step][0], life.done(step)
        # What the evening's reading opens is told the next morning.
        upcoming = min(opens, life.reached(int(step) - LEAD[step]) + days(bool(life.hours_a_day)))
        due = life.due(step)
        late = life.late(step)
        centre = life.centre
        if upcoming <= done:
            yield from told(life, upcoming, "visit_upcoming", step, [centre(upcoming), *life.customer()])
        if due <= done and due < lapses:
            yield from told(life, due, "visit_due", step, [centre(due), *life.customer()])
        if late <= done and late < lapses:
            yield from told(life, late, "visit_overdue", step, [centre(late), *life.customer(), "Boss"])
        for day in weekly(late, min(done, lapses - days(1))):
            noticed = life.acknowledged_after is not None and day > late + days(life.acknowledged_after)
            yield from told(life, day, "visit_still_overdue", step, [centre(day), *([] if noticed else ["Boss"])])
        if opens < lapses <= done:
            yield from told(life, lapses, "visit_lapsed", step, [centre(lapses), "Boss"])
        yield from told_of_copy_1(life, step)


def told_of_copy_1(life: Life, step: str) -> Iterator[Told]:
    """Nobody sends copy 1 of a form on this year: the centre is reminded on the 1st of the month after the visit."""
    done = life.done(step)
    if done <= LAST:
        reminded = months(done.replace(day=1), 1)
        yield from told(life, reminded, "copy_1_not_sent", step, [life.centre(done)])


def weekly(late: date, until: date) -> Iterator[date]:
    day = late + days(7)
    while day <= min(until, LAST):
        yield day
        day += days(7)


def told_of_own_service(life: Life) -> Iterator[Told]:
    """The user's own service beyond the visits, every 600 hours."""
    for step in (3000, 3600):
        if life.hours_a_day:
            morning, due = life.reached(step - 50) + days(1), life.reached(step)
            yield from told(life, morning, "self_service_upcoming", str(step), [*life.customer(), "SC7"])
            yield from told(life, due, "self_service_due", str(step), [*life.customer(), "SC7"])


def told(life: Life | Stock, day: date, occasion: str, step: str, recipients: list[str]) -> Iterator[Told]:
    if FIRST <= day <= min(LAST, life.retired_on):
        for recipient in recipients:
            yield (day.isoformat(), occasion, recipient, life.name, step)


@dataclass
class Stock:
    """One unsold machine's year: on which day of the month its upkeep is done, and on which days it is protected."""

    name: str
    yard: str
    region: str
    arrived: date
    upkeep_on: int | None = None
    protected: tuple[date, ...] = ()
    sold: date = date.max
    retired_on: date = LAST

    def managers(self) -> list[str]:
        return ["Boss", "North"] if self.region == "23" else ["Boss"]


def told_of_stock(stock: Stock) -> Iterator[Told]:
    """The yard's list of each month, and what was left of the month before."""
    for month in range(stock.arrived.month, 13):
        first = date(2025, month, 1)
        step, opens = f"{first:%Y-%m}", max(first, stock.arrived)
        if opens <= stock.sold:
            yield from told(stock, opens, "stock_opened", step, [stock.yard])
        late = months(first, 1)
        if stock.upkeep_on is None and late <= stock.sold:
            yield from told(stock, late, "stock_overdue", step, [stock.yard, *stock.managers()])


def told_of_frost(stock: Stock) -> Iterator[Told]:
    """Two winters in Harbin (rules 9.8); a machine that arrives within one has two days."""
    if stock.region == "23":
        winters = {
            "2024-25@23": (stock.arrived, stock.arrived + days(2)),
            "2025-26@23": (date(2025, 9, 9), date(2025, 9, 30)),
        }
        done = dict(zip(winters, (*stock.protected, date.max, date.max), strict=False))
        for step, (opens, due) in winters.items():
            yield from told(stock, opens, "freeze_opened", step, [stock.yard])
            if due <= done[step]:
                yield from told(stock, due, "freeze_due", step, [stock.yard])
            if due + days(1) <= done[step]:
                yield from told(stock, due + days(1), "freeze_overdue", step, [stock.yard, *stock.managers()])


SPRING = date(2025, 1, 6)
SOLD_FROM_STOCK = date(2025, 8, 15)
LIVES = [
    *(Life(f"D{number}", SPRING + days(4 * number), late_by=-1) for number in range(6)),
    *(Life(f"P{number}", SPRING + days(5 * number), late_by=0) for number in range(5)),
    *(Life(f"L{late}", SPRING + days(late), late_by=late) for late in (1, 5, 8, 15, 22, 29)),
    *(Life(f"N{number}", SPRING + days(9 * number), warranty=HALF_YEAR) for number in range(3)),
    Life("A1", SPRING, warranty=HALF_YEAR, acknowledged_after=3),
    Life("A2", date(2025, 5, 10), acknowledged_after=10),
    Life("B1", date(2025, 5, 31)),
    Life("C1", date(2025, 2, 28), late_by=8, has_mail=False),
    Life("R1", date(2025, 3, 20), retired_on=date(2025, 6, 24)),
    Life("M1", date(2025, 3, 20), moved_on=date(2025, 6, 24)),
    Life("H1", date(2025, 2, 3), late_by=1, hours_a_day=12),
    Life("S3", SOLD_FROM_STOCK, late_by=15),
]
STOCKS = [
    Stock("S1", "Y1", "46", date(2025, 1, 2), upkeep_on=20),
    Stock("S2", "Y1", "46", date(2025, 1, 2)),
    Stock("S3", "Y1", "46", date(2025, 1, 2), sold=SOLD_FROM_STOCK),
    Stock("S4", "Y2", "23", date(2025, 1, 2), upkeep_on=25, protected=(date(2025, 1, 3), date(2025, 9, 15))),
    Stock("S5", "Y2", "23", date(2025, 1, 2)),
    Stock("S6", "Y2", "23", date(2025, 3, 11), upkeep_on=12, protected=(date(2025, 3, 13), date(2025, 9, 30))),
]


def reckoned() -> list[Told]:
    """All that is told in the year, by the rules."""
    found: list[Told] = []
    for life in LIVES:
        found += [*told_of_visits(life), *told_of_own_service(life)]
    for stock in STOCKS:
        found += [*told_of_stock(stock), *told_of_frost(stock)]
    return sorted(found)


@dataclass
class Post:
    """A channel that keeps what it was given: the log of notices."""

    name: str = "email"
    lines: list[tuple[datetime, Letter, Rendered]] = field(default_factory=list)

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
        self.lines.append((now, letter, rendered))


@dataclass
class Year:
    """The year as it was lived."""

    world: World
    post: Post
    told: list[Told]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    world = World(tmp_path_factory.mktemp("year") / "year.db", Telling(channel="email", managers=(BOSS, NORTH)))
    with world.keeper.store.write() as connection:
        for code in ("SC7", "SC8"):
            connection.execute(insert(service_centres).values(service_centre=code, email=f"{code}@x.example"))
        for code in ("Y1", "Y2"):
            connection.execute(insert(yards).values(yard=code, email=f"{code}@x.example"))
    items = shipped_visit_items()
    post, renderer = Post(), Renderer(lambda _: items)
    acts = acts_by_day(world)

    def letters_go(when: str) -> None:
        world.goes_to(when)
        if not world.outbox.gather(world.now_ms):
            return
        while deliver_one(world.outbox, {"email": post}, renderer, world.clock, RetryPolicy()):
            pass

    day = FIRST
    while day <= LAST:
        world.goes_to(f"{day} 00:00")
        letters_go(f"{day} 00:01")
        letters_go(f"{day} 08:00")
        if acts[day]:
            world.goes_to(f"{day} 10:00")
            for act in acts[day]:
                act()
            letters_go(f"{day} 10:01")
        if reads(world, day):
            letters_go(f"{day} 20:01")
        day += days(1)
    return Year(world, post, told_in(world))


def reads(world: World, day: date) -> bool:
    """The evening's readings; whether there were any."""
    world.goes_to(f"{day} 20:00")
    working = [life for life in LIVES if life.hours_a_day and day > life.sold]
    for life in working:
        world.reads(life.name, str((day - life.sold).days * life.hours_a_day))
    return bool(working)


def acts_by_day(world: World) -> dict[date, list[Callable[[], None]]]:
    """What people do at ten."""
    acts: dict[date, list[Callable[[], None]]] = defaultdict(list)
    for stock in STOCKS:
        for day, act in acts_of_stock(world, stock):
            acts[day].append(act)
    for life in LIVES:
        for day, act in acts_of_life(world, life):
            acts[day].append(act)
    return acts


Act = tuple[date, Callable[[], None]]


def acts_of_stock(world: World, stock: Stock) -> Iterator[Act]:
    yield stock.arrived, partial(world.stocks, stock.name, region=stock.region, yard=stock.yard)
    for month in range(stock.arrived.month, 13) if stock.upkeep_on else ():
        done = date(2025, month, stock.upkeep_on or 1)
        yield done, partial(world.does, stock.name, f"{done:%Y-%m}", Kind.STOCK_UPKEEP)
    for winter, done in zip(("2024-25@23", "2025-26@23"), stock.protected, strict=False):
        yield done, partial(world.does, stock.name, winter, Kind.FREEZE_PROTECTION)


def acts_of_life(world: World, life: Life) -> Iterator[Act]:
    yield life.sold, partial(sells, world, life)
    for step in life.steps():
        yield life.done(step), partial(world.does, life.name, step)
        if life.acknowledged_after is not None and life.late(step) <= months(life.sold, life.warranty):
            yield life.late(step) + days(life.acknowledged_after), partial(world.acknowledges, life.name, step)
    for own in ("3000", "3600") if life.hours_a_day else ():
        yield life.reached(int(own)) + days(1), partial(world.does, life.name, own, Kind.SELF_SERVICE)
    if life.retired_on < LAST:
        yield life.retired_on, partial(world.retires, life.name)
    if life.moved_on < LAST:
        yield life.moved_on, partial(world.corrects, life.name, service_centre="SC8")


def sells(world: World, life: Life) -> None:
    command = HandOver(
        life.name,
        world.now_ms,
        Warranty.ONE_YEAR if life.warranty > HALF_YEAR else Warranty.HALF_YEAR,
        "0",
        category=Category.LOADER,
        region="37",
        service_centre="SC7",
        customer=f"user of {life.name}",
        customer_email=f"{life.name}@x.example" if life.has_mail else None,
    )
    with world.keeper.store.write() as connection:
        hand_over(connection, world.keeper, command, world.now_ms)


def told_in(world: World) -> list[Told]:
    """What went out, notice by notice."""
    joined = select(notices, letters.c.sent_ms).join(letters, letters.c.letter_id == notices.c.letter_id)
    sent = joined.where(letters.c.state == "sent", notices.c.dropped.is_(None))
    with world.keeper.store.read() as connection:
        rows = connection.execute(sent).all()
    return sorted(
        (world.keeper.today(row.sent_ms).isoformat(), row.occasion, row.recipient, row.machine_id, row.step)
        for row in rows
    )


def test_everybody_was_told_what_the_rules_say_and_nothing_else(year: Year) -> None:
    expected = reckoned()

    print(*(f"{count:5} {occasion}" for occasion, count in sorted(counted(expected).items())), sep="\n")
    assert counted(year.told) == counted(expected)
    assert year.told == expected


def counted(all_told: list[Told]) -> Counter[str]:
    return Counter(occasion for _, occasion, *_ in all_told)


def test_nobody_was_told_the_same_thing_twice(year: Year) -> None:
    weekly_ones = {Occasion.VISIT_STILL_OVERDUE.value}
    once = Counter(each[1:] for each in year.told if each[1] not in weekly_ones)
    again = Counter(each for each in year.told if each[1] in weekly_ones)

    assert set(once.values()) == {1}
    assert set(again.values()) == {1}


def test_what_belongs_together_went_in_one_letter(year: Year) -> None:
    at_once = Counter((now, letter.occasion, letter.addressee.recipient) for now, letter, _ in year.post.lines)
    assert set(at_once.values()) == {1}
    lists = [
        (now.astimezone(world_zone(year)).date(), letter.addressee.recipient, len(letter.orders))
        for now, letter, _ in year.post.lines
        if letter.occasion is Occasion.STOCK_OPENED and now.astimezone(world_zone(year)).day == 1
    ]
    assert lists == [
        (date(2025, month, 1), yard, machines)
        for month in range(2, 13)
        for yard, machines in (("Y1", 3 if date(2025, month, 1) <= SOLD_FROM_STOCK else 2), ("Y2", 2 + (month > 3)))
    ]


def world_zone(year: Year) -> ZoneInfo:
    return year.world.keeper.zone


def test_the_log_of_one_machine_reads_as_a_story(year: Year) -> None:
    """M1, never looked after, as its first centre was told of it; from the 25th of June another one is."""
    log = [
        f"{now.astimezone(world_zone(year)):%m-%d %H:%M} {letter.occasion}"
        for now, letter, _ in year.post.lines
        if letter.addressee.recipient == "SC7" and any(order.machine_id == "M1" for order in letter.orders)
    ]

    assert log == [
        "03-27 08:00 visit_upcoming",
        "03-30 00:01 visit_due",
        "03-31 00:01 visit_overdue",
        *(f"{day:%m-%d} 08:00 visit_still_overdue" for day in weekly(date(2025, 3, 31), date(2025, 5, 19))),
        "05-20 08:00 visit_upcoming",
        *(f"{day:%m-%d} 08:00 visit_still_overdue" for day in weekly(date(2025, 5, 19), date(2025, 6, 19))),
        "06-20 00:01 visit_due",
        "06-21 00:01 visit_overdue",
        "06-23 08:00 visit_still_overdue",
    ]
    assert all(rendered.subject and rendered.text and rendered.html for _, _, rendered in year.post.lines)
