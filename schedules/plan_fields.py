"""Reads typed values from the dictionary of a plan file, and remembers every key that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from schedules.dates import Span
from schedules.hours import milliseconds

_Choice = TypeVar("_Choice", bound=StrEnum)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,32}")
_CLOCK_UNITS = {"minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}
_MOST_HOURS = Decimal(10_000_000)


class PlanError(ValueError):
    """A plan that cannot be used; `problems` has one line per bad key, each starting with its dotted path."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems, and make them the message."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Fields:
    """One table of a plan file over its shipped counterpart; a bad value is reported and read as a harmless one."""

    def __init__(
        self, data: object, shipped: Mapping[str, Any], path: str = "", problems: list[str] | None = None
    ) -> None:
        """`path` is the dotted path of this table; all tables of a plan share one list of problems."""
        self._problems: list[str] = [] if problems is None else problems
        self._path = path
        self._read: set[str] = set()
        self._bad: set[str] = set()
        if not isinstance(data, Mapping):
            self._problems.append(f"{path.rstrip('.') or 'plan'}: expected a table, got {data!r}")
            self._problems = [] if path else self._problems  # what it lacks is not worth a line
            data = {}
        self._data: Mapping[str, Any] = data
        self._shipped = shipped
        self._children: list[Fields] = []

    def problem(self, key: str, reason: str) -> None:
        """Report one bad key."""
        self._bad.add(key)
        self._problems.append(f"{self._path}{key}: {reason}")

    def are_good(self, *keys: str) -> bool:
        """Whether nothing was wrong with these keys, so that they may be compared."""
        return self._bad.isdisjoint(keys)

    def finish(self) -> None:
        """Report unknown keys of this table and all below it; raise PlanError if anything was wrong."""
        self._report_unknown()
        if self._problems:
            raise PlanError(self._problems)

    def _report_unknown(self) -> None:
        for key in self._data:
            if key not in self._read:
                self.problem(str(key), f"unknown key; known here: {', '.join(sorted(self._read))}")
        for child in self._children:
            child._report_unknown()  # noqa: SLF001 - a child is of this very class

    def _value(self, key: str) -> Any:  # noqa: ANN401 - a TOML value is anything until it is checked
        self._read.add(key)
        if key in self._data:
            return self._data[key]
        if key not in self._shipped:
            self.problem(key, "is missing")
            return None
        return self._shipped[key]

    def table(self, key: str) -> Fields:
        """The table below `key`."""
        shipped = self._shipped.get(key, {})
        return self._child(self._value(key), shipped, f"{self._path}{key}.")

    def entries(self, key: str, name: str) -> Iterator[Fields]:
        """The tables of a list; each falls back to the shipped entry of the same `name`."""
        value = self._value(key)
        if not isinstance(value, list) or not value:
            self.problem(key, f"expected a list of tables [[{key}]], got {value!r}")
            return
        shipped = {entry[name]: entry for entry in self._shipped.get(key, [])}
        for number, entry in enumerate(value):
            named = entry.get(name) if isinstance(entry, Mapping) else None
            known = shipped.get(named, {}) if isinstance(named, str) else {}
            yield self._child(entry, known, f"{self._path}{key}[{number}].")

    def _child(self, data: object, shipped: Mapping[str, Any], path: str) -> Fields:
        child = Fields(data, shipped, path, self._problems)
        self._children.append(child)
        return child

    def text_or_number(self, key: str) -> str:
        """A short text; a whole number is taken as its text."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
            self._expected(key, "a text", value)
        return str(value)

    def name(self, key: str) -> str:
        """A name that can stand in an identity and in an address."""
        value = self._value(key)
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self._expected(key, "a name of A-Z a-z 0-9 . _ - in quotes", value)
        return str(value)

    def zone(self, key: str) -> ZoneInfo:
        """A zone of the time-zone database."""
        value = self._value(key)
        try:
            return ZoneInfo(value)
        except (ValueError, TypeError, OSError, KeyError):
            self._expected(key, "a time zone such as Asia/Shanghai", value)
            return ZoneInfo("UTC")

    def span(self, key: str) -> Span:
        """A span such as "7 days" or "2 months"."""
        value = self._value(key)
        try:
            return Span.parse(value)
        except (ValueError, TypeError):
            self._expected(key, 'a span such as "7 days" or "2 months"', value)
            return Span()

    def number(self, key: str) -> Decimal:
        """A finite number, not negative."""
        value = self._value(key)
        number = Decimal(-1)
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            number = Decimal(str(value))
        if not number.is_finite() or not 0 <= number <= _MOST_HOURS:
            self._expected(key, f"a number from 0 to {_MOST_HOURS}", value)
            return Decimal(0)
        return number

    def engine_ms(self, key: str, *, above_zero: bool = False) -> int:
        """Engine hours, as ms."""
        number = self.number(key)
        if above_zero and number == 0 and self.are_good(key):
            self.problem(key, "must be more than 0")
        return milliseconds(number)

    def fraction(self, key: str) -> Fraction:
        """An exact positive ratio."""
        number = self.number(key)
        if number == 0 and self.are_good(key):
            self.problem(key, "must be more than 0")
        return Fraction(number)

    def clock_ms(self, key: str, unit: str) -> int:
        """A length of time in `unit`, or with its unit as text ("10 minutes"), as ms."""
        value = self._value(key)
        if isinstance(value, str):
            match = re.fullmatch(r"(\d{1,6}) (minute|hour|day)s?", value)
            if match:
                return int(match[1]) * _CLOCK_UNITS[match[2] + "s"]
            self._expected(key, f"a number of {unit}", value)
            return 0
        return int(self.number(key) * _CLOCK_UNITS[unit])

    def whole(self, key: str, *, least: int = 0) -> int:
        """A whole number."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 100_000:  # noqa: PLR2004 - a bound on nonsense
            self._expected(key, f"a whole number from {least}", value)
            return least
        return value

    def choices(self, key: str, allowed: type[_Choice]) -> list[_Choice]:
        """A list of names out of an enumeration, not empty."""
        value = self._value(key)
        names = {choice.value: choice for choice in allowed}
        if (
            not isinstance(value, list)
            or not value
            or any(not isinstance(name, str) or name not in names for name in value)
        ):
            self._expected(key, f"a list of {', '.join(names)}", value)
            return list(names.values())
        return [names[name] for name in value]

    def _expected(self, key: str, what: str, got: object) -> None:
        if got is not None or key in self._data:
            self.problem(key, f"expected {what}, got {got!r}")
