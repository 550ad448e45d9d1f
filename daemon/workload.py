"""How many visits each service centre will have to make week by week, and what they will need (rules 6 and 7)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.store import machines
from adapters.store.forecast import projections
from daemon.forecasting import count_in_service, pages_in_service
from daemon.imports import Progress, silent
from daemon.keeper import Keeper
from schedules.amount import Amount
from schedules.forecast import Basis
from schedules.machine import Category
from schedules.visit_items import Material, VisitItems
from schedules.work_order import Kind
from schedules.workload import ExpectedVisit, visits_ahead

Fields = dict[str, Any]
WORKLOAD_FIELDS = ("service_centre", "week", "visits", "backlog", "estimated", "assumed", "steps")
"""`week` is its Monday. Of `visits`, `backlog` are due already, `estimated` go by hours, `assumed` by assumed use."""
MATERIAL_FIELDS = ("service_centre", "week", "code", "name", "visits", "quantity", "unit", "if_needed")
"""`visits` need it; `quantity` is null where the model's data sheet decides."""


@dataclass(slots=True)
class Week:
    """What one centre has to do in one week."""

    steps: Counter[tuple[Category, str]] = field(default_factory=Counter)
    backlog: int = 0
    estimated: int = 0
    assumed: int = 0

    def add(self, category: Category, visit: ExpectedVisit) -> None:
        """One more visit."""
        self.steps[category, visit.step] += 1
        self.backlog += visit.is_backlog
        self.estimated += visit.basis in (Basis.MEASURED, Basis.ASSUMED)
        self.assumed += visit.basis is Basis.ASSUMED


Workload = dict[tuple[str | None, date], Week]


def workload(
    keeper: Keeper, service_centre: str | None, weeks: int, now_ms: int, progress: Progress = silent
) -> Workload:
    """The visits expected by centre and week, in the order of both; memory is that of a page of machines."""
    found: Workload = defaultdict(Week)
    today = keeper.today(now_ms)
    done, there_are = 0, count_in_service(keeper, service_centre)
    for connection, page in pages_in_service(keeper, service_centre):
        projected = projections(connection, keeper.rulebook.plan.forecast, page, now_ms)
        for machine_id, record in machines.look_at(connection, keeper.zone, page).items():
            for visit in visits_ahead(record.facts, projected[machine_id], today, keeper.rulebook, weeks):
                found[record.service_centre, visit.week].add(record.category, visit)
        done += len(page)
        progress(done, there_are)
    return dict(sorted(found.items(), key=lambda each: (each[0][0] or "", each[0][1])))


def visit_rows(found: Workload) -> Iterator[Fields]:
    """A row for each centre and week."""
    for (service_centre, week), load in found.items():
        yield {
            "service_centre": service_centre,
            "week": week.isoformat(),
            "visits": load.steps.total(),
            "backlog": load.backlog,
            "estimated": load.estimated,
            "assumed": load.assumed,
            "steps": _steps(load),
        }


def _steps(load: Week) -> str:
    counts: Counter[str] = Counter()
    for (_, step), count in load.steps.items():
        counts[step] += count
    return ", ".join(f"{step}: {counts[step]}" for step in sorted(counts, key=lambda step: (len(step), step)))


@dataclass(slots=True)
class _Need:
    """A material of one centre and week."""

    material: Material
    visits: int = 0
    amount: Amount | None = field(default_factory=Amount)

    def add(self, quantity: str, count: int) -> None:
        each = Amount.parse(quantity)
        self.visits += count
        self.amount = None if each is None or self.amount is None else self.amount + each.times(count)


def material_rows(found: Workload, items: VisitItems, locale: str) -> Iterator[Fields]:
    """A row for each material of a centre and week, in the order of the plan's list; names in the locale's language."""
    for (service_centre, week), load in found.items():
        for need in _needs(load, items):
            yield {
                "service_centre": service_centre,
                "week": week.isoformat(),
                "code": need.material.code,
                "name": need.material.name.said(locale),
                "visits": need.visits,
                "quantity": None if need.amount is None else str(need.amount),
                "unit": need.material.unit,
                "if_needed": need.material.if_needed,
            }


def _needs(load: Week, items: VisitItems) -> list[_Need]:
    needs: dict[tuple[str, str, bool], _Need] = {}
    for (category, step), count in sorted(load.steps.items()):
        for material in items.of(Kind.MANDATORY_VISIT, category, step).materials:
            # One code may stand for two materials: the gearbox oil of a roller is not a loader's.
            key = (material.code, material.name.en, material.if_needed)
            needs.setdefault(key, _Need(material)).add(material.quantity, count)
    return [needs[key] for key in sorted(needs)]
