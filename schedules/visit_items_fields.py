"""Typed values out of a table of the visit-items file; every wrong one is remembered with its dotted path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from schedules.visit_items import Bilingual

_Member = TypeVar("_Member", bound=StrEnum)


class Table:
    """One table; a bad value is reported and read as an empty one. A file's tables share their problems."""

    def __init__(self, data: object, path: str, problems: list[str]) -> None:
        """`path` is the dotted path of this table, with its final dot."""
        self.problems = problems
        self._path = path
        self._read: set[str] = set()
        self._data: Mapping[str, object] = data if isinstance(data, Mapping) else {}
        if not isinstance(data, Mapping):
            problems.append(f"{path.rstrip('.')}: expected a table, got {data!r}")

    def problem(self, key: str, reason: str) -> None:
        """Report one bad key."""
        self.problems.append(f"{self._path}{key}: {reason}")

    def finish(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self._data:
            if key not in self._read:
                self.problem(key, f"unknown key; known here: {', '.join(sorted(self._read))}")

    def has(self, key: str) -> bool:
        """Whether a key that may be left out is there."""
        self._read.add(key)
        return key in self._data

    def text(self, key: str) -> str:
        """A text that is not blank."""
        value = self._value(key)
        if not isinstance(value, str) or not value.strip():
            self._expected(key, "a text", value)
            return ""
        return value

    def both(self) -> Bilingual:
        """The text of this table in both languages."""
        return Bilingual(zh=self.text("zh"), en=self.text("en"))

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts; empty if it may be left out and is."""
        value = self._value(key) if required or self.has(key) else []
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            self._expected(key, "a list of texts", value)
            return ()
        if required and not value:
            self.problem(key, "is empty")
        return tuple(value)

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of a few texts."""
        value = self.text(key)
        if value and value not in allowed:
            self._expected(key, f"one of {', '.join(allowed)}", value)
        return value

    def member(self, key: str, text: str, allowed: type[_Member]) -> _Member | None:
        """The member of an enumeration that a text names."""
        try:
            return allowed(text)
        except ValueError:
            if text:
                self._expected(key, f"one of {', '.join(allowed)}", text)
            return None

    def child(self, key: str) -> Table:
        """The table below a key."""
        return Table(self._value(key), f"{self._path}{key}.", self.problems)

    def mapping(self) -> dict[str, str]:
        """All of this table as texts by key; blank texts are allowed."""
        self._read.update(self._data)
        for key, value in self._data.items():
            if not isinstance(value, str):
                self._expected(key, "a text", value)
        return {key: value for key, value in self._data.items() if isinstance(value, str)}

    def tables(self, key: str) -> list[Table]:
        """The tables of a list that is not empty."""
        value = self._value(key)
        if not isinstance(value, list) or not value:
            self._expected(key, f"a list of tables [[{key}]]", value)
            return []
        return [Table(each, f"{self._path}{key}[{number}].", self.problems) for number, each in enumerate(value)]

    def _value(self, key: str) -> object:
        self._read.add(key)
        return self._data.get(key)

    def _expected(self, key: str, what: str, got: object) -> None:
        self.problem(key, "is missing" if got is None else f"expected {what}, got {got!r}")
