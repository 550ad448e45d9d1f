"""A service centre's calendar, as telephones and Outlook fetch it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.store import feeds
from daemon import work
from schedules.work_order import Kind, OrderKey
from tests.commands.calling import Caller, failed
from tests.keeping import World, at
from tests.notifications.test_injection import CORPUS, is_tame
from tests.support.strict_calendar import strictly

from .conftest import Served, serve


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """L1 of SC7, handed over on 2026-03-01; L2 of SC8."""
    world = World(tmp_path / "hourkeeper.db", now_ms=at("2026-03-01 08:00"))
    world.registers()
    world.sells("L1", hours="12.5")
    world.sells("L2", service_centre="SC8")
    return serve(world)


def address(served: Served, centre: str = "SC7") -> str:
    with served.world.keeper.store.write() as connection:
        return f"/calendars/{feeds.make(connection, centre, served.world.now_ms)}.ics"


def fetched(served: Served, where: str, **headers: str) -> Any:  # noqa: ANN401 - the client's own class
    return served.asked_by(None).get(where, headers=headers)


def entries(served: Served, where: str) -> dict[str, Any]:
    """The entries by their summaries."""
    answer = fetched(served, where)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return {str(event["SUMMARY"]): event for event in strictly(answer.content).walk("VEVENT")}


def agrees(served: Served, on: str) -> None:
    world = served.world
    with world.keeper.store.write() as connection:
        key = OrderKey(Kind.MANDATORY_VISIT, "100")
        work.schedule(connection, world.keeper, "L1", key, date.fromisoformat(on), world.now_ms)


def test_an_entry_follows_its_visit_from_the_first_estimate_to_the_agreed_day(served: Served) -> None:
    world, where = served.world, address(served)

    planned = entries(served, where)
    [(summary, first)] = planned.items()
    assert summary == "LG855N L1：强保 100 按日期到期"
    assert (first.decoded("dtstart"), first.decoded("dtend")) == (date(2026, 3, 11), date(2026, 3, 12))
    assert str(first["DESCRIPTION"]) == "用户：张三 13812345678\n小时表：12.5 小时"
    assert str(first["LOCATION"]) == "张三, 37 山东"

    world.goes_to("2026-03-09 08:00")
    agrees(served, "2026-03-10")
    [(summary, agreed)] = entries(served, where).items()
    assert (summary, agreed.decoded("dtstart")) == ("LG855N L1：强保 100 已约定", date(2026, 3, 10))
    assert agreed["STATUS"] == "CONFIRMED"

    world.goes_to("2026-03-12 08:00")
    [(summary, overdue)] = entries(served, where).items()
    assert (summary, overdue.decoded("dtstart")) == ("LG855N L1：强保 100 逾期 1 天，尚未约定", date(2026, 3, 12))
    assert first["UID"] == agreed["UID"] == overdue["UID"]

    world.does("L1", "100")
    assert [str(event["SUMMARY"]) for event in entries(served, where).values()] == []


def test_it_says_how_it_wants_to_be_shown_and_how_often_fetched(served: Served) -> None:
    calendar = strictly(fetched(served, address(served)).content)

    assert (str(calendar["NAME"]), str(calendar["METHOD"])) == ("济南服务中心 强保日程", "PUBLISH")
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=6)
    assert calendar["NAME"] == calendar["X-WR-CALNAME"]


def test_what_has_not_changed_is_not_sent_again(served: Served) -> None:
    where = address(served)
    first = fetched(served, where)
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = fetched(served, where, **{"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert fetched(served, where, **{"If-None-Match": '"other"'}).content == first.content
    head = served.asked_by(None).head(where)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)

    served.world.goes_to("2026-03-09 08:00")
    agrees(served, "2026-03-10")
    changed = fetched(served, where, **{"If-None-Match": tag})
    assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)


def test_only_who_knows_the_address_reads_it_and_only_that_centres(served: Served) -> None:
    where, other = address(served), address(served, "SC8")

    assert ["L1" in each for each in entries(served, where)] == [True]
    assert ["L1" in each for each in entries(served, other)] == [False]
    with served.world.keeper.store.write() as connection:
        assert feeds.revoke(connection, "SC8")
    for wrong in (other, "/calendars/SC7.ics", "/calendars/.ics", f"/calendars/{'x' * 5000}.ics", "/calendars/ü.ics"):
        assert fetched(served, wrong).status_code == 404, wrong
    later = address(served)
    assert (fetched(served, where).status_code, fetched(served, later).status_code) == (404, 200)


def test_what_is_stored_does_not_open_it(served: Served) -> None:
    where = address(served)
    with served.world.keeper.store.read() as connection:
        row = feeds.made(connection, "SC7")

    assert row is not None
    assert row.secret not in where
    assert fetched(served, f"/calendars/{row.secret}.ics").status_code == 404


def test_no_name_adds_anything_to_a_calendar(served: Served) -> None:
    world = served.world
    clean = entries(served, address(served))
    for name in CORPUS.values():
        text = name.replace("\x00", "").encode("utf-8", "replace").decode()
        world.corrects("L1", model=text, customer=text, customer_phone=text, region=text[:32])
        found = entries(served, address(served))
        assert [event.keys() for event in found.values()] == [event.keys() for event in clean.values()]
        assert all(is_tame(str(each).replace("\n", "")) for event in found.values() for each in event.values())


def test_the_command_gives_another_address_and_ends_it(tmp_path: Path) -> None:
    call = Caller(tmp_path)
    assert call("db", "upgrade").code == 0
    served = serve(World(tmp_path / "hourkeeper.db", now_ms=at("2026-03-01 08:00")))
    served.world.registers()

    given = call("centres", "feed", "SC7", HOURKEEPER_WEB__PUBLIC_URL="https://hk.example")
    assert (given.code, given.out.startswith("https://hk.example/calendars/")) == (0, True), given
    first = given.out.strip().removeprefix("https://hk.example")
    assert fetched(served, first).status_code == 200
    failed(call("centres", "feed", "SC7"), 1, "was given its address on", "--new", "--revoke")
    failed(call("centres", "feed", "SC99"), 1, "there is no service centre SC99")
    second = call("centres", "feed", "SC7", "--new").out.strip().removeprefix("http://127.0.0.1:8080")
    assert [fetched(served, each).status_code for each in (first, second)] == [404, 200]
    assert call("centres", "feed", "SC7", "--revoke").out == "the calendar address of SC7 has ended\n"
    assert fetched(served, second).status_code == 404
    failed(call("centres", "feed", "SC7", "--revoke"), 1, "has no calendar address")
