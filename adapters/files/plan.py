"""Reads plan files and winter tables; the shipped ones lie beside the rules."""

from __future__ import annotations

import csv
import io
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from schedules.plan import Plan, PlanError, plan_from
from schedules.winter import Policy, WinterTable, WinterWindow

_APPROXIMATE = "approximate"


def shipped_plan_data() -> dict[str, Any]:
    """The shipped plan as a plain dictionary."""
    return tomllib.loads((resources.files("schedules") / "plan.toml").read_text("utf-8"))


def read_plan_data(file: Path | None) -> dict[str, Any]:
    """A plan file as a plain dictionary, empty for the shipped one; PlanError if it is no TOML."""
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError([f"{file}: {error}"]) from None


def read_plan(file: Path | None) -> Plan:
    """The plan of a file, or the shipped one; PlanError names every bad key."""
    return plan_from(read_plan_data(file), shipped_plan_data())


def read_winter(file: Path | None) -> WinterTable:
    """The winter windows of a file, or the shipped ones; PlanError names every bad line."""
    if file is None:
        return winter_from(
            (resources.files("schedules") / "winter_windows.csv").read_text("utf-8"), "winter_windows.csv"
        )
    try:
        return winter_from(file.read_text("utf-8-sig"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError([f"{file}: {error}"]) from None


def winter_from(text: str, name: str) -> WinterTable:
    """Winter windows from CSV text; `name` is what problems call it."""
    problems: list[str] = []
    windows: dict[str, WinterWindow] = {}
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            window = _window(row)
            if window.region in windows:
                problems.append(f"{name}: line {number}: region {window.region} stands twice")
            windows[window.region] = window
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            problems.append(f"{name}: line {number}: {_reason(error)}")
    if not windows and not problems:
        problems.append(f"{name}: no regions; the first line names the columns, region_code first")
    if problems:
        raise PlanError(problems)
    return WinterTable(windows)


def _reason(error: Exception) -> str:
    return f"column {error} is missing" if isinstance(error, KeyError) else str(error)


def _window(row: dict[str, str]) -> WinterWindow:
    policy, region = Policy(row["policy"].strip()), row["region_code"].strip()
    if not region:
        message = "region_code is empty"
        raise ValueError(message)
    if policy is Policy.NONE:
        return WinterWindow(region, policy, name=_name(row))
    opens, due, end = (_month_day(row[f"freeze_{name}_mmdd"]) for name in ("open", "due", "end"))
    return WinterWindow(region, policy, opens, due, end, _name(row), (row.get("source") or "").strip() == _APPROXIMATE)


def _name(row: dict[str, str]) -> str:
    """What people call a region; a file of one's own may leave it out."""
    return (row.get("region") or "").strip()


def _month_day(text: str) -> tuple[int, int]:
    month, _, day = text.strip().partition("-")
    if not (month.isdigit() and day.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= 31):  # noqa: PLR2004 - a calendar
        message = f"expected a date as MM-DD, got {text!r}"
        raise ValueError(message)
    return int(month), int(day)
