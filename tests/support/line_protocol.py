"""A strict reader of InfluxDB's line protocol, written from its public description alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_INTEGER = re.compile(r"-?\d+i")


class BadLineError(ValueError):
    """A line that a server would refuse; says why."""


@dataclass(frozen=True)
class Written:
    """One point: measurement, tags, fields and timestamp as they stand in the line."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, float | int | str | bool], ...]
    at: int


def points(text: str) -> list[Written]:
    """All points of a body; BadLineError for the first bad line."""
    return [point(line) for line in text.split("\n") if line.strip() and not line.startswith("#")]


def point(line: str) -> Written:
    parts = _split(line, " ")
    if len(parts) != 3:
        raise BadLineError(f"a series, its fields and a timestamp are wanted: {line!r}")
    series, fields, at = parts
    name, *tags = _split(series, ",")
    if not name or not re.fullmatch(r"-?\d+", at):
        raise BadLineError(f"no measurement or no timestamp: {line!r}")
    found = tuple((_plain(key), _value(value, line)) for key, value in _pairs(_split(fields, ","), line))
    named = tuple((_plain(key), _plain(value)) for key, value in _pairs(tags, line))
    if len(dict(named)) < len(named) or len(dict(found)) < len(found):
        raise BadLineError(f"a key stands twice: {line!r}")
    return Written(_plain(name), tuple(sorted(named)), tuple(sorted(found)), int(at))


def _pairs(parts: list[str], line: str) -> list[tuple[str, str]]:
    split = [_split(part, "=") for part in parts]
    if not all(len(pair) == 2 and all(pair) for pair in split):
        raise BadLineError(f"key=value is wanted: {line!r}")
    return [(pair[0], pair[1]) for pair in split]


def _split(text: str, at: str) -> list[str]:
    """At every separator that is neither escaped nor inside a quoted string."""
    parts, part, quoted, escaped = [], "", False, False
    for each in text:
        if escaped or each == "\\":
            part, escaped = part + each, not escaped
        elif each == '"' and at in ", " and "=" in part:
            part, quoted = part + each, not quoted
        elif each == at and not quoted:
            parts.append(part)
            part = ""
        else:
            part += each
    return [*parts, part]


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def _value(text: str, line: str) -> float | int | str | bool:
    if text in {"t", "T", "true", "True", "TRUE"}:
        return True
    if text in {"f", "F", "false", "False", "FALSE"}:
        return False
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if _INTEGER.fullmatch(text):
        return int(text[:-1])
    if _NUMBER.fullmatch(text):
        return float(text)
    raise BadLineError(f"{text!r} is no field value: {line!r}")
