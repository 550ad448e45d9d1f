"""A fleet is read round by round, page by page, from wherever the last process stopped; faults only delay it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.aemp.server import FleetServer as Server
from adapters.aemp.server import FleetSettings
from adapters.store import errands
from adapters.store.tables import readings
from daemon.polling import Fleet, Poller, run_pollers
from notifications.channels.network import allowed
from tests.keeping import MINUTE, World, at
from tests.support.fleet_server import CLIENT, SECRET, FleetServer, fleet_server, json_page
from tests.support.waiting import until

_HOUR = 60 * MINUTE
_MORNING = "2025-05-02T08:00:00+08:00"


@pytest.fixture
def maker() -> Iterator[FleetServer]:
    with fleet_server() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "hourkeeper.db")
    world.now_ms = at("2025-04-22 08:00")
    world.registers()
    for machine_id in ("LG0001", "LG0002", "LG0003"):
        world.sells(machine_id)
    world.goes_to("2025-05-02 09:00")
    return world


@dataclass
class Replica:
    """A poller as one process has it."""

    world: World
    maker: FleetServer
    body: bool = False
    prefix: str = ""
    secret: str = SECRET
    token: str | None = None

    def __post_init__(self) -> None:
        settings = FleetSettings(
            f"{self.maker.url}/fleet/1",
            token=self.token,
            token_url=f"{self.maker.url}/token",
            client_id=CLIENT,
            client_secret=self.secret,
            client_in_body=self.body,
            timeout_s=10,
            allow=allowed(["127.0.0.1"]),
        )
        fleet = Fleet("maker", "serial_number", self.prefix, _HOUR, 40)
        self.poller = Poller(self.world.keeper, fleet, Server(settings), self.world.clock)

    def reads_round(self) -> int:
        """Read until the round is over, or nothing more can be read now; how many pages followed a first one."""
        pages = 0
        while self.poller.turn():
            pages += 1
        return pages


def _stored(world: World) -> list[tuple[str | None, int | None, str]]:
    columns = readings.c.machine_id, readings.c.dial_ms, readings.c.verdict
    by_itself = select(*columns).where(readings.c.source == "telematics").order_by(readings.c.id)
    with world.keeper.store.read() as connection:
        return [
            (row.machine_id, row.dial_ms and row.dial_ms // _HOUR, row.verdict) for row in connection.execute(by_itself)
        ]


def _errand(world: World) -> tuple[int, str | None, object]:
    with world.keeper.store.read() as connection:
        row = errands.standing(connection, "aemp:maker")
    assert row is not None
    return row.failures, row.error, row.place


def test_machines_of_all_pages_are_read_once_however_often_they_are_told(world: World, maker: FleetServer) -> None:
    maker.has(
        [("LG0001", 99.0, _MORNING), ("LG0002", 100.5, _MORNING)], [("LG0003", 12.0, _MORNING), ("X1", 1, _MORNING)]
    )
    replica = Replica(world, maker)
    assert replica.reads_round() == 1
    first = [
        ("LG0001", 99, "accepted"),
        ("LG0002", 100, "accepted"),
        ("LG0003", 12, "accepted"),
        ("X1", 1, "unknown_machine"),
    ]
    assert _stored(world) == first
    assert world.orders()["LG0002/100"] == "due"

    assert not replica.poller.turn(), "the next round is not due yet"
    world.now_ms += _HOUR
    replica.reads_round()
    assert (_stored(world), maker.logins, len(maker.asked)) == (first, 1, 4)


def test_a_round_goes_on_where_another_process_stopped(world: World, maker: FleetServer) -> None:
    maker.has([("LG0001", 10, _MORNING)], [("LG0002", 20, _MORNING)], [("LG0003", 30, _MORNING)])
    killed, other = Replica(world, maker), Replica(world, maker)
    assert killed.poller.turn()
    assert not other.poller.turn(), "it is being read"
    world.now_ms += 2 * MINUTE  # the lease of one that was killed ends
    assert other.reads_round() == 1
    assert maker.asked == ["/fleet/1", "/fleet/2", "/fleet/3"]
    assert [machine for machine, _, _ in _stored(world)] == ["LG0001", "LG0002", "LG0003"]


def test_one_that_ends_in_order_leaves_the_round_to_the_others_at_once(world: World, maker: FleetServer) -> None:
    maker.has([("LG0001", 10, _MORNING)], [("LG0002", 20, _MORNING)])
    ending, other = Replica(world, maker), Replica(world, maker)
    ending.poller.turn()
    ending.poller.end()
    assert not other.poller.turn()
    assert len(_stored(world)) == 2


def test_a_prefix_is_taken_off_and_hours_that_are_none_are_kept_with_the_reason(
    world: World, maker: FleetServer
) -> None:
    page = json.loads(json_page([("PIN:LG0001", 10, _MORNING), ("??", 5, _MORNING), ("LG0002", 0, _MORNING)], None))
    page["Equipment"][2]["CumulativeOperatingHours"]["Hour"] = "PT12H"
    maker.pages["/fleet/1"] = json.dumps(page).encode()
    replica = Replica(world, maker, prefix="PIN:", body=True)
    for _ in range(2):
        assert replica.reads_round() == 0
        world.now_ms += _HOUR
    assert _stored(world) == [("LG0001", 10, "accepted"), (None, None, "malformed"), ("LG0002", None, "malformed")]


def test_a_token_that_is_no_longer_taken_is_asked_for_anew_once(world: World, maker: FleetServer) -> None:
    maker.has([("LG0001", 10, _MORNING)])
    replica = Replica(world, maker)
    replica.reads_round()
    maker.valid.clear()
    world.now_ms += _HOUR
    replica.reads_round()
    assert (maker.logins, _errand(world)) == (2, (0, None, None))
    maker.refusals["/fleet/1"] = [(401, b"", {})] * 2
    world.now_ms += _HOUR
    replica.reads_round()
    assert (maker.logins, _errand(world)[0]) == (3, 1)


def test_what_goes_wrong_is_said_and_tried_again_later_and_later(world: World, maker: FleetServer) -> None:
    maker.has([("LG0001", 10, _MORNING)], [("LG0002", 20, _MORNING)])
    refusals = [
        (500, b"", {}),
        (302, b"", {"Location": "https://elsewhere.example/"}),
        (403, b"", {}),
        (200, b"<html>login</html>", {}),
        (200, json_page([], "https://elsewhere.example/fleet/2"), {}),
        (200, json_page([], f"{maker.url}/fleet/1"), {}),
        (200, json_page([], "http://[bad/"), {}),
    ]
    said = ["500", "elsewhere.example", "403", "no Fleet", "elsewhere.example", "itself", "bad"]
    replica = Replica(world, maker)
    for number, (refusal, words) in enumerate(zip(refusals, said, strict=True), start=1):
        maker.refusals["/fleet/1"] = [refusal]
        assert not replica.poller.turn()
        failures, error, place = _errand(world)
        assert (failures, words in str(error), place) == (number, True, None)
        asked = len(maker.asked)
        assert not replica.poller.turn()
        assert len(maker.asked) == asked, "it waits"
        world.now_ms += min(MINUTE // 2 * 2**number, _HOUR)
    replica.reads_round()
    assert (_errand(world)[0], len(_stored(world))) == (0, 2)


def test_the_server_says_how_long_to_wait(world: World, maker: FleetServer) -> None:
    maker.has([("LG0001", 10, _MORNING)])
    maker.refusals["/fleet/1"] = [(429, b"", {"Retry-After": "7200"})]
    replica = Replica(world, maker)
    replica.poller.turn()
    world.now_ms += 7200 * 1000 - 1
    replica.poller.turn()
    assert not _stored(world)
    world.now_ms += 1
    replica.poller.turn()
    assert len(_stored(world)) == 1


def test_a_next_page_that_is_gone_begins_the_next_round_at_the_first(world: World, maker: FleetServer) -> None:
    maker.has([("LG0001", 10, _MORNING)], [("LG0002", 20, _MORNING)])
    maker.refusals["/fleet/2"] = [(410, b"", {})]
    replica = Replica(world, maker)
    assert replica.reads_round() == 1
    assert _errand(world)[::2] == (1, None)
    world.now_ms += _HOUR
    assert replica.reads_round() == 1
    assert [machine for machine, _, _ in _stored(world)] == ["LG0001", "LG0002"]


def test_a_link_without_the_servers_own_path_is_followed_below_it(world: World, maker: FleetServer) -> None:
    maker.pages["/aemp/fleet/1"] = json_page([("LG0001", 10, _MORNING)], "/fleet/2")
    maker.pages["/aemp/fleet/2"] = json_page([("LG0002", 20, _MORNING)], None)
    settings = FleetSettings(f"{maker.url}/aemp/fleet/1", token="given", allow=allowed(["127.0.0.1"]))
    maker.valid.add("given")
    fleet = Fleet("maker", "serial_number", "", _HOUR, 40)
    poller = Poller(world.keeper, fleet, Server(settings), world.clock)
    assert poller.turn()
    assert not poller.turn()
    assert [machine for machine, _, _ in _stored(world)] == ["LG0001", "LG0002"]


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b'{"access_token": 5}', b'{"access_token": "a\\nb"}', b'{"access_token":"a","expires_in":"x"}'],
)
def test_a_login_that_gives_no_token_is_said(
    world: World, maker: FleetServer, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "log_in", lambda *_: (200, answer, {}))
    Replica(world, maker).poller.turn()
    assert "access_token" in str(_errand(world)[1])


def test_a_wrong_secret_is_said_without_it(world: World, maker: FleetServer, capfd: pytest.CaptureFixture[str]) -> None:
    Replica(world, maker, secret="wrong-canary").poller.turn()
    error = str(_errand(world)[1])
    assert ("invalid_client" in error, "canary" in error) == (True, False)
    said = "".join(capfd.readouterr())
    assert ("client_secret_file" in said, "canary" in said) == (True, False)


def test_pollers_go_on_whatever_one_of_them_meets_and_end_in_order(world: World, maker: FleetServer) -> None:
    maker.has([("LG0001", 10, _MORNING)])

    class Broken:
        def page(self, url: str | None = None) -> None:
            raise AssertionError("a defect of our own")

    stop = threading.Event()
    broken = Poller(world.keeper, Fleet("broken", "pin", "", _HOUR, 40), Broken(), world.clock)  # type: ignore[arg-type]
    thread = threading.Thread(target=run_pollers, args=([broken, Replica(world, maker).poller], stop))
    thread.start()
    try:
        until(lambda: _stored(world), "the other fleet is read")
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()
    with world.keeper.store.read() as connection:
        assert [row.until_ms for row in errands.those(connection, "aemp:")] == [0, 0]
