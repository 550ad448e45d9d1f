"""Rulebooks: every other plan or winter table is a new one, the same one is not, and old databases get theirs."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from adapters.files.plan import read_winter, shipped_plan_data
from adapters.files.rules import read_rules
from adapters.store import overriding, rulebooks, schema
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from adapters.store.soundness import problems
from adapters.store.tables import machines, plans, visit_items
from adapters.store.tables import rulebooks as rulebook_table
from adapters.store.winter import plain_winter
from schedules.machine import Category
from schedules.rulebook import Rulebook
from schedules.winter import Override, Policy, WinterTable, WinterWindow
from schedules.work_order import Kind

SHIPPED = read_winter(None)
MILD = WinterTable(
    {"37": WinterWindow("37", Policy.NONE), "50": WinterWindow("50", Policy.WATCH, (12, 1), (12, 5), (1, 31))}
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/hourkeeper.db")
    yield store
    store.close()


def adopts(store: Store, winter: WinterTable, now_ms: int, **plan: str) -> Rulebook:
    with store.write() as connection:
        return adopt(connection, replace(read_rules(), plan=plan, winter=winter), now_ms)


def test_each_change_is_a_rulebook_of_its_own_also_the_way_back(store: Store) -> None:
    schema.create_scratch(store)
    adoptions = [
        adopts(store, SHIPPED, 1),
        adopts(store, SHIPPED, 2),
        adopts(store, MILD, 3),
        adopts(store, MILD, 4, version="2"),
        adopts(store, SHIPPED, 5),
    ]
    assert [(book.serial, book.current) for book in adoptions] == [(1, "1"), (1, "1"), (2, "1"), (3, "2"), (4, "1")]
    with store.read() as connection:
        kept = rulebooks.adopted(connection)
        assert [(book.serial, book.current, book.winter, on) for book, on in kept] == [
            (1, "1", SHIPPED, 1),
            (2, "1", MILD, 3),
            (3, "2", MILD, 4),
            (4, "1", SHIPPED, 5),
        ]
        assert rulebooks.newest_serial(connection) == 4
        assert rulebooks.in_force(connection) == kept[-1][0]
        assert set(kept[0][0].plans) == {"1", "2"}


def test_looking_up_writes_nothing(store: Store) -> None:
    schema.create_scratch(store)
    adopts(store, SHIPPED, 1)
    with store.write() as connection:
        found, is_in_force = rulebooks.look_up(connection, replace(read_rules(), winter=MILD))
    assert (found.serial, is_in_force) == (2, False)
    with store.read() as connection:
        assert rulebooks.newest_serial(connection) == 1


def test_an_older_database_gets_a_rulebook_for_each_plan(store: Store, tmp_path: Path) -> None:
    scripts = tmp_path / "first"
    shutil.copytree(schema.MIGRATIONS, scripts)
    for later in sorted((scripts / "versions").glob("[0-9]*.py"))[1:]:
        later.unlink()
    schema.upgrade(store, scripts)
    with store.write() as connection:
        content = '{"data": {"version": "%s"}, "shipped": {}}'
        for version, serial, adopted_ms in (("old", 1, 10), ("new", 2, 20)):
            row = {"v": version, "s": serial, "c": content % version, "a": adopted_ms}
            connection.execute(text("INSERT INTO plans VALUES (:v, :s, :c, :a)"), row)
        for number, under in (("A", "old"), ("B", "new"), ("C", None)):
            connection.execute(
                text(
                    "INSERT INTO machines (machine_id, category, status, stocked_on, registered_ms, asked_version,"
                    " exempt_steps) VALUES (:n, 'loader', 'stock', '2025-03-03', 0, :v, '[]')"
                ),
                {"n": number, "v": under},
            )
            connection.execute(text("INSERT INTO meters (machine_id, offset_ms) VALUES (:n, 0)"), {"n": number})

    schema.upgrade(store)

    with store.read() as connection:
        columns = machines.c
        asked = connection.execute(
            select(columns.machine_id, columns.asked_rulebook).order_by(columns.machine_id)
        ).all()
        kept = connection.execute(text("SELECT serial, plan_version, winter, adopted_ms FROM rulebooks")).all()
    assert [tuple(row) for row in asked] == [("A", 1), ("B", 2), ("C", None)]
    assert [tuple(row) for row in kept] == [(1, "old", None, 10), (2, "new", None, 20)]
    assert problems(store) == []


def test_winter_windows_that_were_not_kept_are_those_of_the_next_rulebook(store: Store) -> None:
    schema.create_scratch(store)
    with store.write() as connection:
        connection.execute(insert(plans).values(version="1", serial=1, content=_SHIPPED, adopted_ms=1))
        connection.execute(insert(rulebook_table).values(serial=1, plan_version="1", winter=None, adopted_ms=1))
        assert rulebooks.in_force(connection) is None
    assert adopts(store, MILD, 5).serial == 2
    with store.read() as connection:
        assert [(book.serial, book.winter) for book, _ in rulebooks.adopted(connection)] == [(1, MILD), (2, MILD)]


def shipped_items(name: str | None = None) -> dict[str, Any]:
    """The shipped work items; with a name, one more thing to do at every visit."""
    items = copy.deepcopy(read_rules().items)
    if name is not None:
        items["items"].append({"zh": name, "en": name, "categories": ["loader"], "every": "check"})
    return items


def adopts_items(store: Store, items: dict[str, Any], now_ms: int, **plan: str) -> Rulebook:
    with store.write() as connection:
        return adopt(connection, replace(read_rules(), plan=plan, items=items), now_ms)


def last_item(book: Rulebook, version: str) -> str:
    return book.items_of(version).of(Kind.MANDATORY_VISIT, Category.LOADER, "600").items[-1].name.en


COACHING = "Coaching of the user: operation and upkeep"


def test_other_work_items_are_a_rulebook_of_their_own_and_each_plan_keeps_its_own(store: Store) -> None:
    schema.create_scratch(store)
    adoptions = [
        adopts_items(store, shipped_items(), 1),
        adopts_items(store, shipped_items(), 2),
        adopts_items(store, shipped_items("mirrors"), 3),
        adopts_items(store, shipped_items("seat"), 4, version="2"),
    ]

    assert [book.serial for book in adoptions] == [1, 1, 2, 3]
    assert last_item(adoptions[0], "1") == COACHING
    # without another version of the plan, what is open follows the file
    assert last_item(adoptions[2], "1") == "mirrors"
    with store.read() as connection:
        newest = rulebooks.in_force(connection)
        assert len(connection.execute(select(visit_items)).all()) == 3
    assert newest == adoptions[-1]
    assert (last_item(newest, "1"), last_item(newest, "2")) == ("mirrors", "seat")


def test_an_override_keeps_the_work_items(store: Store) -> None:
    schema.create_scratch(store)
    adopts_items(store, shipped_items("mirrors"), 1)
    with store.write() as connection:
        override = Override(opens_on=date(2025, 9, 1))
        overriding.decide(connection, "23", "2025-26", override, by="Li", why="early frost", now_ms=2)
        book = rulebooks.adopt_overrides(connection, 2)
        assert (book.serial, last_item(book, "1")) == (2, "mirrors")
        assert rulebooks.in_force(connection) == book
    assert adopts_items(store, shipped_items("mirrors"), 3) == book


def test_a_plan_from_before_work_items_were_kept_has_those_in_force(store: Store) -> None:
    schema.create_scratch(store)
    with store.write() as connection:
        connection.execute(insert(plans).values(version="old", serial=1, content=_OLD, adopted_ms=1))
        row = {"serial": 1, "plan_version": "old", "winter": plain_winter(MILD), "adopted_ms": 1}
        connection.execute(insert(rulebook_table).values(**row))
    book = adopts_items(store, shipped_items("mirrors"), 2)

    assert (book.serial, last_item(book, "old")) == (2, "mirrors")


_OLD = {"data": {"version": "old"}, "shipped": shipped_plan_data()}
_SHIPPED = {"data": {}, "shipped": shipped_plan_data()}
