"""Tables as an Excel workbook: real dates and numbers, and no text that is run as a formula or opened as a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

from notifications.plain import plain

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | float | date | None
_WIDEST = 50
_NARROWEST = 6
_WIDE = "\u1100"
"""From here on a character takes the room of two, near enough."""


class Share(float):
    """A number that is shown in per cent."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; its title has at most 31 characters."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The file: headings stay in sight, can be filtered by, and columns are as wide as what stands in them."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - few letters have a table, and it takes its time

    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, options) as book:
        for sheet in sheets:
            _write(book, sheet)
    return out.getvalue()


def _write(book: Workbook, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.title)
    heading = book.add_format({"bold": True, "bottom": 1})
    day, share = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "0.0%"})
    for column, title in enumerate(sheet.headings):
        page.write_string(0, column, title, heading)
        page.set_column(column, column, _width([title, *(row[column] for row in sheet.rows)]))
    for number, row in enumerate(sheet.rows, start=1):
        for column, cell in enumerate(row):
            _put(page, (number, column), cell, day, share)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, len(sheet.rows), len(sheet.headings) - 1)


def _put(page: Worksheet, at: tuple[int, int], cell: Cell, day: Format, share: Format) -> None:
    if isinstance(cell, str):
        page.write_string(*at, plain(cell))
    elif isinstance(cell, date):
        page.write_datetime(*at, cell, day)
    elif isinstance(cell, Share):
        page.write_number(*at, cell, share)
    elif cell is not None:
        page.write_number(*at, cell)


def _width(cells: Sequence[Cell]) -> int:
    widest = max(sum(2 if letter >= _WIDE else 1 for letter in str(cell)) for cell in cells if cell is not None)
    return min(max(widest + 2, _NARROWEST), _WIDEST)
