"""What is done and what is needed at a visit, by category and step (rules 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from schedules.machine import Category
from schedules.work_order import Kind

SELF_SERVICE = "self_service"
_CYCLE_HOURS = 600


class Action(StrEnum):
    """What is done to a part of the machine."""

    CHANGE = "change"
    FIRST_CHANGE = "first_change"
    CHANGE_IF_NEEDED = "change_if_needed"
    FILTER = "filter"
    CHECK = "check"
    CLEAN = "clean"
    DRAIN = "drain"
    GREASE = "grease"
    TORQUE = "torque"
    DO = "do"


NEEDS_MATERIAL = frozenset({Action.CHANGE, Action.FIRST_CHANGE, Action.CHANGE_IF_NEEDED, Action.GREASE})


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in Chinese and in English."""

    zh: str
    en: str

    def said(self, locale: str) -> str:
        """The text in the language of a locale such as `zh-CN` or `en`."""
        return self.en if locale.startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One line of the work list; `record`: what is written down beside it, such as a pressure in MPa."""

    name: Bilingual
    action: Action
    record: Bilingual | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """Something to have ready.

    `quantity` is a typical amount in `unit` (L, kg, pc), blank where the model decides. `if_needed`: it is
    used only where the machine's condition or its data sheet asks for it.
    """

    code: str
    name: Bilingual
    grade: Bilingual
    unit: str
    quantity: str
    if_needed: bool


@dataclass(frozen=True, slots=True)
class VisitList:
    """The work and the materials of one visit."""

    items: tuple[WorkItem, ...] = ()
    materials: tuple[Material, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitItems:
    """The lists of all visits, by category and step; the user's own service is the step `self_service`.

    `sheets` are the check sheets of unsold machines: one for every month, one for every winter.
    """

    lists: Mapping[tuple[Category, str], VisitList]
    sheets: Mapping[tuple[Category, Kind], VisitList] = field(default_factory=dict)

    def of(self, kind: Kind, category: Category, step: str) -> VisitList:
        """The list of a step; a check sheet is the same every month and every winter.

        A visit without a list has that of the nearest multiple of 600 h (the lower, if two are as near).
        """
        if kind is Kind.SELF_SERVICE:
            return self.lists.get((category, SELF_SERVICE), VisitList())
        if kind is not Kind.MANDATORY_VISIT:
            return self.sheets.get((category, kind), VisitList())
        known = self.lists.get((category, step))
        return known if known is not None else self._nearest(category, step)

    def _nearest(self, category: Category, step: str) -> VisitList:
        hours = _hours(step) or _CYCLE_HOURS
        cycle = sorted(
            int(name)
            for owner, name in self.lists
            if owner is category and name.isdecimal() and int(name) % _CYCLE_HOURS == 0
        )
        if not cycle:
            return VisitList()
        return self.lists[category, str(min(cycle, key=lambda name: abs(name - hours)))]


def _hours(step: str) -> float | None:
    try:
        return float(step)
    except ValueError:
        return None
