"""Lists: `{"items": [...], "next_cursor": ...}` page by page, or everything as CSV or XLSX."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from adapters.store.paging import Keys, Place
from daemon.commands.output import cell
from daemon.web.problems import ProblemError

Fields = Mapping[str, Any]
Rows = Callable[[Place, int | None], Iterator[Fields]]
"""The rows of a list from a place on, at most so many."""
MOST = 500
_CSV = "text/csv"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_AT_ONCE = 200
_MOST_ROWS = 1_048_575


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is wanted, and in what form."""

    limit: Annotated[int, Query(ge=1, le=MOST, description="rows of a page")] = 100
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None
    format: Annotated[
        Literal["json", "csv", "xlsx"] | None, Query(description="instead of Accept; csv and xlsx have all rows")
    ] = None


Paged = Annotated[Paging, Depends()]
LISTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page of rows, or all of them as a file",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["items", "next_cursor"],
                    "properties": {
                        "items": {"type": "array", "items": {"type": "object"}},
                        "next_cursor": {"type": ["string", "null"]},
                    },
                }
            },
            _CSV: {"schema": {"type": "string"}},
            _XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""How the document of the API describes a list."""


def listed(
    request: Request, paging: Paging, rows: Rows, names: Sequence[str], keys: Keys, *, descending: bool = False
) -> Response:
    """A list in the wanted form; `names` are its columns."""
    wanted = paging.format or _accepted(request.headers.get("accept", ""))
    start = Place(keys, descending)
    if wanted == "csv":
        lines = _csv_lines(rows(start, None), names)
        begun = chain([next(lines)], lines)  # asked before anything is answered: an error can still be told
        headers = _as_file(request, "csv")
        return StreamingResponse(begun, media_type=f"{_CSV}; charset=utf-8", headers=headers)
    if wanted == "xlsx":
        return Response(_workbook(rows(start, None), names), media_type=_XLSX, headers=_as_file(request, "xlsx"))
    place = beginning(start, paging.cursor)
    found = list(rows(place, paging.limit + 1))
    more = found[: paging.limit] if len(found) > paging.limit else []
    cursor = cursor_after(more[-1], keys) if more else None
    items = [{name: row[name] for name in names} for row in found[: paging.limit]]
    return JSONResponse({"items": items, "next_cursor": cursor})


def _accepted(accept: str) -> str:
    if _CSV in accept:
        return "csv"
    return "xlsx" if _XLSX in accept else "json"


def cursor_after(row: Fields, keys: Keys) -> str:
    """Where the page after this row begins."""
    values = json.dumps([row[key.name] for key in keys], ensure_ascii=False)
    return base64.urlsafe_b64encode(values.encode()).decode()


def beginning(start: Place, cursor: str | None) -> Place:
    """The place of a cursor in a list; ProblemError if it is none of it."""
    if cursor is None:
        return start
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return start.beginning_after(values)
    except (ValueError, TypeError):
        raise ProblemError(422, "not valid", "cursor: this is no next_cursor of this list") from None


def _csv_lines(rows: Iterable[Fields], names: Sequence[str]) -> Iterator[str]:
    left, out = iter(rows), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    while True:
        batch = list(islice(left, _AT_ONCE))
        writer.writerows([cell(_flat(row[name])) for name in names] for row in batch)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
        if not batch:
            return


def _workbook(rows: Iterable[Fields], names: Sequence[str]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("hourkeeper")
        sheet.write_row(0, 0, names, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, 1):
            if number > _MOST_ROWS:
                raise ProblemError(422, "too long", f"a sheet has at most {_MOST_ROWS} rows: ask for less, or for CSV")
            sheet.write_row(number, 0, [_flat(row[name]) for name in names])
    return out.getvalue()


def _flat(value: object) -> object:
    """What fits into a cell."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _as_file(request: Request, ending: str) -> dict[str, str]:
    name = request.url.path.rstrip("/").rpartition("/")[2]
    return {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
