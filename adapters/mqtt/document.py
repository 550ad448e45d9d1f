"""Strict JSON: exact numbers, no duplicate keys, no deep nesting, and paths into it that go through arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

ABSENT: Final = object()
"""What a path finds where there is nothing; JSON has no such value."""
Place = tuple[int, ...]
"""The array positions a path went through."""
Path = tuple[str, ...] | None
EACH_NAME: Final = "{machine_id}"
"""In a path: whatever name stands there, one after the other."""
THE_NAME: Final = ""
"""At the end of a path, after EACH_NAME: the name itself."""
_MOST_ARRAYS = 8


class NotADocument(ValueError):  # noqa: N818 - it says what the payload is not
    """A payload that cannot be read as what it should be; the message says why."""


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "the same key stands twice in one object"
        raise NotADocument(message)
    return found


_DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal, object_pairs_hook=_without_doubles
)


def parse(payload: bytes, most_bytes: int) -> object:
    """The JSON value of a payload, its numbers as Decimal (also NaN and Infinity, which meters do send)."""
    try:
        return _value(limited(payload, most_bytes).decode())
    except UnicodeDecodeError as error:
        message = f"not UTF-8: {error.reason} at byte {error.start}"
        raise NotADocument(message) from None
    except RecursionError:
        message = "nested too deeply"
        raise NotADocument(message) from None
    except (json.JSONDecodeError, InvalidOperation) as error:
        message = f"not JSON: {error}" if payload.strip() else "an empty payload"
        raise NotADocument(message) from None


def limited(payload: bytes, most_bytes: int) -> bytes:
    """It, if it is not too large to be read; else NotADocument."""
    if len(payload) > most_bytes:
        message = f"a payload of {len(payload)} bytes; at most {most_bytes} are read"
        raise NotADocument(message)
    return payload


def _value(text: str) -> object:
    """As the decoder's `decode`, but looks for blanks only where something is left over."""
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError:
        return _DECODER.decode(text)
    return value if end == len(text) else _DECODER.decode(text)


def together(document: object, paths: Sequence[Path]) -> Iterator[tuple[object, ...]]:
    """For every value of the first path, it and the values that the other paths have beside it: those from the
    same array positions, or from positions that enclose them. ABSENT stands for what is not there.
    """
    first, *others = ([] if path is None else list(_find(document, path, ())) for path in paths)
    beside = [dict(found) for found in others]
    for place, value in first:
        yield value, *(_at_or_around(found, place) for found in beside)


def _find(value: object, path: tuple[str, ...], place: Place) -> Iterator[tuple[Place, object]]:
    if len(place) > _MOST_ARRAYS:
        message = "nested too deeply"
        raise NotADocument(message)
    if isinstance(value, list) and path:
        for position, element in enumerate(value):
            yield from _find(element, path, (*place, position))
    elif not path:
        yield place, value
    elif path[0] == EACH_NAME and isinstance(value, dict):
        for position, (name, below) in enumerate(value.items()):
            here = (*place, position)
            yield from [(here, name)] if path[1:] == (THE_NAME,) else _find(below, path[1:], here)
    elif isinstance(value, dict) and path[0] in value:
        yield from _find(value[path[0]], path[1:], place)
    else:
        yield place, ABSENT


def _at_or_around(found: dict[Place, object], place: Place) -> object:
    for length in range(len(place), -1, -1):
        if place[:length] in found:
            return found[place[:length]]
    return ABSENT
