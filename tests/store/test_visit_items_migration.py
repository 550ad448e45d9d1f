"""A database from before work items were kept: its rulebooks stay, and the file's items hold for all its plans."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import text

from adapters.files.rules import read_rules
from adapters.store import rulebooks, schema
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from adapters.store.soundness import problems
from schedules.machine import Category
from schedules.work_order import Kind
from tests.store.test_visit_number_migration import scripts_until

BEFORE = "0005"


def test_rulebooks_of_before_are_kept_and_the_next_one_has_work_items(empty: Store, tmp_path: Path) -> None:
    schema.upgrade(empty, scripts_until(BEFORE, tmp_path))
    files = read_rules()
    content = json.dumps({"data": {"version": "old"}, "shipped": files.shipped_plan})
    with empty.write() as connection:
        row = {"version": "old", "content": content}
        plan = "INSERT INTO plans (version, serial, content, adopted_ms) VALUES (:version, 1, :content, 5)"
        connection.execute(text(plan), row)
        book = "INSERT INTO rulebooks (serial, plan_version, winter, adopted_ms) VALUES (1, 'old', :winter, 5)"
        connection.execute(text(book), {"winter": json.dumps({"windows": {}})})

    schema.upgrade(empty)
    with empty.write() as connection:
        newest = adopt(connection, files, 9)

    assert newest.serial == 2
    for version in ("old", "1"):
        assert newest.items_of(version).of(Kind.MANDATORY_VISIT, Category.LOADER, "600").items
    with empty.read() as connection:
        assert [(each.serial, on) for each, on in rulebooks.adopted(connection)] == [(1, 5), (2, 9)]
        assert rulebooks.in_force(connection) == newest
    assert problems(empty) == []
