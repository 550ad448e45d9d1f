"""Visits that were signed before visits had numbers get theirs when the schema is upgraded."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import text

from adapters.store import schema
from adapters.store.engine import Store

BEFORE = "0002"
PLAN = "INSERT INTO plans (version, serial, content, adopted_ms) VALUES ('1', 1, '{}', 0)"
MACHINE = """
    INSERT INTO machines (machine_id, category, status, handed_over_on, warranty, service_centre, registered_ms,
                          exempt_steps)
    VALUES (:machine_id, 'loader', 'in_service', '2025-03-03', 'one_year', :centre, 0, '[]')
"""
ORDER = """
    INSERT INTO work_orders (machine_id, kind, step, state, opens_on, closed_on, closing, plan_version,
                             before_registration)
    VALUES (:machine_id, :kind, :step, 'done', '2025-03-03', :closed_on, 'completed', '1', :past)
"""
FORM = """
    INSERT INTO forms (machine_id, kind, step, draft, content, missing, recorded_ms)
    VALUES (:machine_id, :kind, :step, :draft, :content, '[]', :recorded_ms)
"""
VISIT = "mandatory_visit"


def scripts_until(version: str, folder: Path) -> Path:
    """Our migrations up to a version."""
    scripts = folder / "migrations"
    shutil.copytree(schema.MIGRATIONS, scripts)
    for file in (scripts / "versions").glob("[0-9]*.py"):
        if file.name.partition("_")[0] > version:
            file.unlink()
    return scripts


def test_what_was_signed_before_is_numbered_in_order_of_the_visits(empty: Store, tmp_path: Path) -> None:
    schema.upgrade(empty, scripts_until(BEFORE, tmp_path))
    signed = [
        ("A", "JN", VISIT, "100", "2025-03-20", " R-1 "),
        ("A", "JN", VISIT, "600", "2026-01-05", None),
        ("B", "JN", VISIT, "100", "2025-03-12", "R-1"),
        ("C", None, VISIT, "100", "2025-03-14", "R-1"),
        ("C", None, "self_service", "600", "2025-03-15", None),
    ]
    with empty.write() as connection:
        connection.execute(text(PLAN))
        for machine_id, centre in (("A", "JN"), ("B", "JN"), ("C", None)):
            connection.execute(text(MACHINE), {"machine_id": machine_id, "centre": centre})
        for recorded_ms, (machine_id, _, kind, step, closed_on, record_no) in enumerate(signed):
            key = {"machine_id": machine_id, "kind": kind, "step": step}
            content = '{"service_record_no": null}' if record_no is None else f'{{"service_record_no": "{record_no}"}}'
            connection.execute(text(ORDER), {**key, "closed_on": closed_on, "past": False})
            form = {"draft": False, "content": content, "recorded_ms": recorded_ms}
            connection.execute(text(FORM), {**key, **form})
        past = {"machine_id": "B", "kind": VISIT, "step": "600", "closed_on": "2025-03-10", "past": True}
        connection.execute(text(ORDER), past)

    schema.upgrade(empty)

    with empty.read() as connection:
        numbers = "SELECT service_centre, year, number, machine_id, step FROM visit_numbers ORDER BY 1, 2, 3"
        assert [tuple(row) for row in connection.execute(text(numbers))] == [
            ("", 2025, 1, "C", "100"),
            ("JN", 2025, 1, "B", "100"),
            ("JN", 2025, 2, "A", "100"),
            ("JN", 2026, 1, "A", "600"),
        ]
        series = "SELECT service_centre, year, last FROM visit_series ORDER BY 1, 2"
        assert [tuple(row) for row in connection.execute(text(series))] == [
            ("", 2025, 1),
            ("JN", 2025, 2),
            ("JN", 2026, 1),
        ]
        records = "SELECT service_centre, record_no, machine_id, kind, step FROM service_records"
        assert [tuple(row) for row in connection.execute(text(records))] == [("JN", "R-1", "A", VISIT, "100")]
