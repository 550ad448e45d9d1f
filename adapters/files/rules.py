"""The files that rules are made from, read together: plan, work items, winter windows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.files.plan import read_plan_data, read_winter, shipped_plan_data
from adapters.files.visit_items import read_items_data
from schedules.winter import WinterTable


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """What stands in them; `plan` is taken over `shipped_plan`, the others stand for themselves."""

    plan: dict[str, Any]
    shipped_plan: dict[str, Any]
    items: dict[str, Any]
    winter: WinterTable


def read_rules(plan: Path | None = None, items: Path | None = None, winter: Path | None = None) -> RuleFiles:
    """The files, each the shipped one where none is named; PlanError names every fault of the first bad one."""
    return RuleFiles(read_plan_data(plan), shipped_plan_data(), read_items_data(items), read_winter(winter))
