"""Registers for import: which columns they have, and what may stand in them (design 5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from adapters.files.table import Line
from adapters.mqtt.source import MACHINE_ID
from schedules.machine import Category, Status, Warranty

Parse = Callable[[str], object]
"""What a cell means; ValueError says what is wrong with it."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_YES_NO = {"true": True, "yes": True, "1": True, "是": True, "false": False, "no": False, "0": False, "否": False}


def text(most: int) -> Callable[[str], str]:
    """Text on one line, of so many characters at most."""

    def parse(cell: str) -> str:
        if len(cell) > most:
            raise ValueError(f"is longer than {most} characters")
        if not cell.isprintable():
            raise ValueError(f"{cell!r} has characters that cannot be printed")
        return cell

    return parse


def one_of(names: type[Category | Status | Warranty]) -> Parse:
    """A word out of a few."""

    def parse(cell: str) -> Category | Status | Warranty:
        try:
            return names(cell)
        except ValueError:
            raise ValueError(f"{cell!r} is none of {', '.join(names)}") from None

    return parse


def machine_id(cell: str) -> str:
    """A machine number."""
    if MACHINE_ID.fullmatch(cell) is None:
        raise ValueError(f"{cell!r} is no machine number: 1 to 64 characters A-Z a-z 0-9 . _ -")
    return cell


def day(cell: str) -> date:
    """A date."""
    try:
        if _DAY.fullmatch(cell):
            return date.fromisoformat(cell)
    except ValueError:
        pass
    raise ValueError(f"{cell!r} is no date YYYY-MM-DD")


def instant(cell: str) -> datetime:
    """An instant; without an offset it is in the plan's time zone, and a date is its first moment."""
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"{cell!r} is no instant such as 2025-03-03T08:00:00+08:00") from None


def hours(cell: str) -> Decimal:
    """A number of hours, as written."""
    try:
        return Decimal(cell)
    except InvalidOperation:
        raise ValueError(f"{cell!r} is no number of hours") from None


def yes_no(cell: str) -> bool:
    """True or false."""
    try:
        return _YES_NO[cell.lower()]
    except KeyError:
        raise ValueError(f"{cell!r} is neither true nor false") from None


def email(cell: str) -> str:
    """An e-mail address."""
    if _EMAIL.fullmatch(cell) is None:
        raise ValueError(f"{cell!r} is no e-mail address")
    return text(254)(cell)


def locale(cell: str) -> str:
    """A locale such as `zh-CN`."""
    if _LOCALE.fullmatch(cell) is None:
        raise ValueError(f"{cell!r} is no locale such as zh-CN or en")
    return text(16)(cell)


@dataclass(frozen=True, slots=True)
class Register:
    """The columns of a file with what may stand in them, and those whose cells must not be empty."""

    columns: Mapping[str, Parse]
    required: tuple[str, ...]

    def read(self, line: Line) -> tuple[dict[str, Any], list[str]]:
        """The values of a line (None for an empty cell), and what is wrong with it, each with line and column."""
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name, parse in self.columns.items():
            cell = line.cells.get(name, "")
            try:
                values[name] = parse(cell) if cell else None
                self._refuse_empty(name, cell)
            except ValueError as error:
                problems.append(f"line {line.number}: {name}: {error}")
        return values, problems

    def _refuse_empty(self, name: str, cell: str) -> None:
        if not cell and name in self.required:
            raise ValueError("is empty")


_CUSTOMER = {
    "customer": text(200),
    "customer_email": email,
    "customer_phone": text(40),
    "customer_locale": locale,
}
MACHINES = Register(
    {
        "machine_id": machine_id,
        "category": one_of(Category),
        "model": text(100),
        "status": one_of(Status),
        "region": text(32),
        "yard": text(64),
        "stocked_on": day,
        "inspected": yes_no,
        "handed_over_on": day,
        "handover_hours": hours,
        "warranty": one_of(Warranty),
        **_CUSTOMER,
        "service_centre": text(64),
        "last_step_done": text(32),
        "last_step_done_on": day,
    },
    ("machine_id", "category", "status"),
)
_PLACE = {"name": text(200), "locale": locale, "email": email, "phone": text(40), "region": text(32)}
CENTRES = Register({"service_centre": text(64), **_PLACE}, ("service_centre",))
YARDS = Register({"yard": text(64), **_PLACE}, ("yard",))
READINGS = Register({"machine_id": machine_id, "hours": hours, "at": instant}, ("machine_id", "hours", "at"))
