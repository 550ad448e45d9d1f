"""What `doctor` finds in the store of work that does not go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from adapters.store import schema
from adapters.store.engine import Store
from adapters.store.tables import duties, meters
from daemon import checkup_of_work
from daemon.calendar import do_what_is_due
from daemon.checked import Weight
from daemon.clock import clock_ms
from daemon.config import load
from tests.commands.calling import Caller
from tests.keeping import World
from tests.support.database import Database
from tests.support.kept_in import url_of

_HOUR_MS = 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A machine that reported just now, a letter that has just been made, and a sweep of today."""
    schema.prepare(Store(url_of(tmp_path / "hourkeeper.db")), upgrading=False)
    made = World(tmp_path / "hourkeeper.db", now_ms=clock_ms())
    made.registers()
    made.sells("L1")
    do_what_is_due(made.keeper, made.now_ms)
    with made.keeper.store.write() as connection:
        connection.execute(update(meters).values(heard_ms=made.now_ms))
    return made


def _said(folder: Path, part: str) -> list[str]:
    config = load(None, {"HOME": str(folder), "HOURKEEPER_STORE__URL": url_of(folder / "hourkeeper.db")})
    found = checkup_of_work.work(config)
    return [f"{each.weight} {each.text}" for each in found if each.part == part and each.weight is not Weight.OK]


def _parts(folder: Path) -> dict[str, list[str]]:
    return {part: _said(folder, part) for part in ("clock", "readings", "duties", "letters")}


def _nothing_heard(world: World) -> None:
    with world.keeper.store.write() as connection:
        connection.execute(update(meters).values(heard_ms=world.now_ms - 7 * _HOUR_MS))


def _never_heard(world: World) -> None:
    with world.keeper.store.write() as connection:
        connection.execute(update(meters).values(heard_ms=None))


def _late(world: World) -> None:
    with world.keeper.store.write() as connection:
        connection.execute(text("DELETE FROM duties"))
    do_what_is_due(world.keeper, world.now_ms - 3 * 24 * _HOUR_MS)


def _from_the_future(world: World) -> None:
    with world.keeper.store.write() as connection:
        connection.execute(update(duties).values(finished_ms=world.now_ms + 2 * _HOUR_MS))


def _letter(state: str, ago_ms: int) -> Callable[[World], None]:
    def made(world: World) -> None:
        Database(world.keeper.store.url.render_as_string(False)).does(
            "INSERT INTO letters (letter_id, occasion, role, recipient, channel, state, created_ms, next_ms, attempts)"
            " VALUES ('x', 'visit_due', 'customer', 'L1', 'email', ?, ?, 0, 1)",
            state,
            world.now_ms - ago_ms,
        )

    return made


@pytest.mark.parametrize(
    ("part", "cause", "words"),
    [
        ("readings", _nothing_heard, "FAULT no machine has reported for 7 hours: does the daemon run"),
        ("readings", _never_heard, "NOTE no machine has reported yet"),
        ("duties", _late, "FAULT daily_sweep: not done for"),
        ("clock", _from_the_future, "FAULT a duty was done 1"),
        ("letters", _letter("dead", 0), "FAULT 1 could not be delivered by email: `hourkeeper notices list"),
        ("letters", _letter("waiting", 2 * _HOUR_MS), "FAULT 1 wait for email, the oldest for 120 minutes"),
        ("letters", _letter("waiting", 0), ""),
    ],
)
def test_work_that_does_not_go_on_is_found(
    world: World, tmp_path: Path, part: str, cause: Callable[[World], None], words: str
) -> None:
    assert _parts(tmp_path) == {"clock": [], "readings": [], "duties": [], "letters": []}
    cause(world)
    found = _parts(tmp_path)
    said = found.pop(part)
    assert not any(found.values())
    assert [bool(words)] == [bool(said)]
    assert not words or said[0].startswith(words), said


def test_a_duty_that_was_never_done_is_worth_a_note(world: World, tmp_path: Path) -> None:
    with world.keeper.store.write() as connection:
        connection.execute(text("DELETE FROM duties"))
    assert all(each.startswith("NOTE ") for each in _said(tmp_path, "duties"))


def test_programs_get_it_as_json(call: Caller) -> None:
    assert call("db", "upgrade").code == 0
    said = call("doctor", "--format", "json")
    found: list[dict[str, Any]] = json.loads(said.out)
    assert said.code == 1
    assert {"config", "plan", "store", "broker", "readings", "duties", "letters"} <= {each["part"] for each in found}
    assert {each["weight"] for each in found} == {"OK", "NOTE", "FAULT"}
