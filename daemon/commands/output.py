"""How lists are printed: as a table for people, as JSON or CSV for programs; row by row, however many there are."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from notifications.field_names import field_name, field_value
from notifications.plain import plain
from notifications.words import LOCALES, Words

if TYPE_CHECKING:
    from rich.console import Console

Fields = Mapping[str, Any]
"""One row as JSON shows it: texts, numbers, truth values, None, and nothing nested in a list of them."""
FORMATS = ("table", "json", "csv")
_ROWS_A_TABLE = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_CELL = 2000
_NO_LIMIT = 1 << 20
_GAP = 3
_FEWEST = 6
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a list in JSON and CSV, and those of them that fit into a table."""

    all: Sequence[str]
    in_table: Sequence[str]


def format_option(command: _Command) -> _Command:
    """`--format`, which every list has."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="A table for people; JSON (an array) or CSV for programs, with all columns.",
    )(command)


def text_or_json_option(command: _Command) -> _Command:
    """`--format` of what is no list."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Text for people, or a JSON object for programs.",
    )(command)


def locale_option(command: _Command) -> _Command:
    """`--locale` of what people read as a text."""
    return click.option(
        "--locale",
        type=click.Choice(LOCALES),
        default="en",
        show_default=True,
        help="The language of its sentences.",
    )(command)


def one_of(names: type[StrEnum], *more: str) -> click.Choice[str]:
    """An option's type: one of these words, as they are written everywhere."""
    return click.Choice([*more, *(name.value for name in names)])


def show(rows: Iterable[Fields], columns: Columns, form: str) -> int:
    """Print a list in a format; how many rows it had."""
    writers = {"json": _json, "csv": _csv, "table": _table}
    count = 0

    def counted() -> Iterator[Fields]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    use_utf_8()
    writers[form](counted(), columns)
    return count


def show_object(found: Fields) -> None:
    """Print one thing as a JSON object."""
    use_utf_8()
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def use_utf_8() -> None:
    """Names are Chinese more often than not, wherever the output goes."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _json(rows: Iterable[Fields], columns: Columns) -> None:
    between = "["
    for row in rows:
        fields = {name: row[name] for name in columns.all}
        click.echo(f"{between}\n  {json.dumps(fields, ensure_ascii=False)}", nl=False)
        between = ","
    click.echo("[]" if between == "[" else "\n]")


def _csv(rows: Iterable[Fields], columns: Columns) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns.all)
    for row in rows:
        writer.writerow([cell(row[name]) for name in columns.all])


def cell(value: object) -> object:
    """A value as a spreadsheet takes it: text that it would run as a formula is quoted."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _table(rows: Iterable[Fields], columns: Columns) -> None:
    out, left, printed = console(), iter(rows), False
    while batch := list(islice(left, _ROWS_A_TABLE)):
        names = _fitting(batch, columns.in_table, out.width)
        out.print(grid(batch, names))
        printed = True
    if not printed:
        click.echo("none")
    elif len(names) < len(columns.in_table):
        left_out = ", ".join(name.replace("_", " ") for name in columns.in_table[len(names) :])
        click.echo(f"(too narrow for: {left_out})", err=True)


def _fitting(rows: Sequence[Fields], names: Sequence[str], width: int) -> Sequence[str]:
    """As many of the first columns as fit side by side; never fewer than the first six, which then are folded."""
    from rich.cells import cell_len

    used = 0
    for count, name in enumerate(names):
        used += max(cell_len(name), *(cell_len(text_of(row[name])) for row in rows)) + _GAP
        if used > width + _GAP and count >= _FEWEST:
            return names[:count]
    return names


def console() -> Console:
    """Where tables go: as wide as the terminal, or as wide as they are when there is none; then without colour."""
    from rich.console import Console

    on_terminal = sys.stdout.isatty()
    return Console(
        width=None if on_terminal else _NO_LIMIT, highlight=False, emoji=False, markup=False, soft_wrap=not on_terminal
    )


def grid(rows: Sequence[Fields], names: Sequence[str], words: Words = str) -> Any:  # noqa: ANN401 - rich is imported when it is needed
    """Rows as a table: words to the left, numbers to the right; nothing is cut off."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in names:
        is_number = any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
        table.add_column(field_name(name, words), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(text_of(field_value(name, row[name], words)) for name in names))
    return table


def facts(found: Fields, words: Words | None = None) -> None:
    """Print what is known of one thing, a line each; with `words`, in the reader's language."""
    from rich.cells import cell_len

    names = {name: name if words is None else field_name(name, words) for name in found}
    width = max(map(cell_len, names.values()))
    for name, value in found.items():
        if value is not None:
            shown = text_of(field_value(name, value, words or str))
            click.echo(f"  {names[name]}{' ' * (width - cell_len(names[name]))}  {shown}")


def text_of(value: object) -> str:
    """A value as people read it, on one line and without control characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return plain(str(value), _LONGEST_CELL)
