"""Tables that people keep in files: CSV in UTF-8 or GB 18030, or the first sheet of a workbook (design 5)."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

_PIECE = 1 << 20
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BLANK = " \t\u3000\ufeff"
_EXACT = 2**53
_MOST_PROBLEMS = 1000


class TableError(ValueError):
    """A file that cannot be taken; `problems` names what is wrong, `more` counts what was not written down."""

    def __init__(self, problems: Sequence[str], more: int = 0) -> None:
        """Keep the problems, and make them the message."""
        super().__init__("\n".join(problems))
        self.problems = list(problems)
        self.more = more


class Problems:
    """Collects what is wrong with a file, line by line, in bounded memory."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._more = 0

    def add(self, problem: str) -> None:
        """Write down a problem."""
        if len(self._said) < _MOST_PROBLEMS:
            self._said.append(problem)
        else:
            self._more += 1

    def check(self) -> None:
        """TableError if there was any."""
        if self._said:
            raise TableError(self._said, self._more)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: its number in the file, and its cells by column, without surrounding blanks."""

    number: int
    cells: dict[str, str]


class Table:
    """A file with a header row, whose lines can be walked more than once; a blank line is none."""

    def __init__(self, path: Path, known: Iterable[str], required: Iterable[str]) -> None:
        """Read the header; TableError if the file is none, a column is unknown, twice there, or missing."""
        self._path = path
        self._encoding = None if _is_workbook(path) else _encoding_of(path)
        self._rows_in_sheet = _sheet(path) if self._encoding is None else None
        header = next(self._cells(), None)
        if header is None:
            raise TableError([f"{path} is empty; its first line names the columns"])
        self.header_line, self.columns = header[0], [cell.lower() for cell in _without_tail(header[1])]
        _check_header(self.columns, list(known), list(required))

    def lines(self) -> Iterator[Line]:
        """Every line below the header; TableError at a line that is no line of a table."""
        for number, cells in self._cells():
            if number <= self.header_line or not any(cells):
                continue
            if any(cells[len(self.columns) :]):
                raise TableError([f"line {number}: has more cells than the header has columns"])
            yield Line(number, dict(zip(self.columns, cells, strict=False)))

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        if self._rows_in_sheet is not None:
            for number, row in enumerate(self._rows_in_sheet.iter_rows(), start=1):
                yield number, [_text_of(cell, number) for cell in row]
            return
        with self._path.open(encoding=self._encoding, newline="") as file:
            yield from _csv_cells(file)


def _csv_cells(file: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    rows, number = csv.reader(file, strict=True), 1
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise TableError([f"line {number}: {error}"]) from None
        if row is None:
            return
        yield number, [cell.strip(_BLANK) for cell in row]
        number = rows.line_num + 1


def _is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in _WORKBOOK


def _encoding_of(path: Path) -> str:
    """UTF-8 if all of the file is, else GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise TableError([f"{path} is neither UTF-8 nor GB 18030 text, nor a workbook"])


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                if "\0" in decoder.decode(piece):
                    return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _sheet(path: Path) -> Any:  # noqa: ANN401 - calamine's sheet; the library is optional
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise TableError(["to read a workbook install `hourkeeper[excel]`, or save the table as CSV"]) from None
    try:
        return CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except (CalamineError, OSError) as error:
        raise TableError([f"{path} cannot be read as a workbook: {error}"]) from None


def _text_of(cell: object, number: int) -> str:
    """A cell as it would stand in a CSV file."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return (cell.date() if cell.time() == time() else cell).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        if abs(cell) > _EXACT:
            raise TableError([f"line {number}: {cell:.0f} has lost digits in the workbook; format its column as text"])
        return str(int(cell))
    return str(cell).strip(_BLANK)


def _without_tail(cells: list[str]) -> list[str]:
    """The header without the empty cells a workbook may have after it."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _check_header(columns: list[str], known: list[str], required: list[str]) -> None:
    problems = [f"unknown column {name!r}" for name in columns if name not in known]
    problems += [f"column {name} stands twice" for name in sorted(set(columns)) if columns.count(name) > 1]
    problems += [f"column {name} is missing" for name in required if name not in columns]
    if problems:
        raise TableError([*problems, f"the columns are {', '.join(known)}, separated by commas"])
