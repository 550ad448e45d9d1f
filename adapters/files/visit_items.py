"""Reads the file of work items and materials (rules 6); the shipped one lies beside the rules."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from schedules.visit_items import VisitItems
from schedules.visit_lists import VisitItemsError, visit_items_of

_ENTRY = re.compile(r"(?P<table>\w+)\[(?P<number>\d+)\]")


def read_items_data(file: Path | None) -> dict[str, Any]:
    """The tables of a file that has been looked through, or of the shipped one.

    VisitItemsError names every fault, with the line where its entry begins.
    """
    if file is None:
        return shipped_items_data()
    try:
        text = file.read_text("utf-8-sig")
        data = tomllib.loads(text)
        visit_items_of(data)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise VisitItemsError([f"{file}: {error}"]) from None
    except VisitItemsError as error:
        raise VisitItemsError([f"{file}: {_placed(problem, text)}" for problem in error.problems]) from None
    return data


def read_visit_items(file: Path | None) -> VisitItems:
    """The lists of a file, or the shipped ones; VisitItemsError names every fault."""
    return visit_items_of(read_items_data(file))


def shipped_items_data() -> dict[str, Any]:
    """The tables of the file that comes with the product."""
    return tomllib.loads(files("schedules").joinpath("visit_items.toml").read_text(encoding="utf-8"))


def shipped_visit_items() -> VisitItems:
    """The lists that come with the product."""
    return visit_items_of(shipped_items_data())


def _placed(problem: str, text: str) -> str:
    """A problem with the line where its entry begins; entries are counted as the file writes them, `[[items]]`."""
    entry = _ENTRY.match(problem)
    if entry is None:
        return problem
    header = re.compile(rf"^\s*\[\[\s*{entry['table']}\s*\]\]", re.MULTILINE)
    starts = [match.end() for match in header.finditer(text)]
    number = int(entry["number"])
    return problem if number >= len(starts) else f"line {text.count(chr(10), 0, starts[number]) + 1}: {problem}"
