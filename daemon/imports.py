"""Files that people import: every bad line is named, and then nothing is done (design 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from adapters.files.register import CENTRES, YARDS, Register
from adapters.files.table import Problems, Table, TableError
from adapters.store.registering import keep_places
from daemon.findings import look_at_registers
from daemon.keeper import Keeper

CHUNK = 500
Progress = Callable[[int, int], None]
"""Called with how many lines are done, and how many there are."""
Values = dict[str, Any]
Check = Callable[[list[tuple[int, Values]]], Iterable[str]]
"""What is wrong with lines whose cells are right, each alone, by line number."""
Also = Callable[[Connection, Any], None]
"""Done in the transaction of an import, with what came of it."""
_Item = TypeVar("_Item")


def silent(_done: int, _there_are: int) -> None:
    """Progress that nobody watches."""


def nothing_else(_connection: Connection, _came: Any) -> None:  # noqa: ANN401 - whatever an import comes to
    """An import of which nobody takes note."""


class Checked:
    """A file all of whose lines are right; `lines` walks their values again."""

    def __init__(self, path: Path, register: Register, check: Check = lambda _lines: ()) -> None:
        """Check the whole file; TableError names every bad line."""
        self._table = Table(path, register.columns, register.required)
        self._register = register
        self.columns = self._table.columns
        self.count = 0
        problems = Problems()
        for chunk in chunked(self._readable(problems), CHUNK):
            for problem in check(chunk):
                problems.add(problem)
        problems.check()

    def _readable(self, problems: Problems) -> Iterator[tuple[int, Values]]:
        try:
            for line in self._table.lines():
                self.count += 1
                values, wrong = self._register.read(line)
                for problem in wrong:
                    problems.add(problem)
                if not wrong:
                    yield line.number, values
        except TableError as error:
            for problem in error.problems:
                problems.add(problem)

    def lines(self) -> Iterator[tuple[int, Values]]:
        """Line numbers and values, in order of the file."""
        return ((line.number, self._register.read(line)[0]) for line in self._table.lines())


def chunked(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def no_twins(key: str) -> Check:
    """A check that no two lines have the same key."""
    seen: dict[str, int] = {}

    def check(lines: list[tuple[int, Values]]) -> Iterator[str]:
        for number, values in lines:
            first = seen.setdefault(values[key], number)
            if first != number:
                yield f"line {number}: {key}: {values[key]} already stands in line {first}"

    return check


def import_centres(keeper: Keeper, path: Path, now_ms: int, also: Also = nothing_else) -> int:
    """Insert or update service centres; how many. Columns the file has not are left as they are."""
    return _import_places(keeper, path, (CENTRES, "service_centre"), now_ms, also)


def import_yards(keeper: Keeper, path: Path, now_ms: int, also: Also = nothing_else) -> int:
    """Insert or update yards; how many. Columns the file has not are left as they are."""
    return _import_places(keeper, path, (YARDS, "yard"), now_ms, also)


def _import_places(keeper: Keeper, path: Path, places: tuple[Register, str], now_ms: int, also: Also) -> int:
    register, key = places
    checked = Checked(path, register, no_twins(key))
    with keeper.store.write() as connection:
        for chunk in chunked(checked.lines(), CHUNK):
            rows = [{name: values[name] for name in checked.columns} for _, values in chunk]
            keep_places(connection, key, rows)
        look_at_registers(connection, keeper, keeper.today(now_ms), now_ms)
        also(connection, checked.count)
    return checked.count
