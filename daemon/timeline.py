"""Reads timelines (design 6): one JSON object a line, in order of time; a wrong file is refused whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.mqtt.document import NotADocument, parse
from schedules.dates import instant_ms

_MOST_BYTES = 1_000_000
_ORDER = frozenset({"machine_id", "kind", "step"})
_CUSTOMER = frozenset({"customer", "customer_email", "customer_phone", "customer_locale"})
_MACHINE = frozenset({"machine_id", "category", "model", "region", "yard"})
_EXPECTED = frozenset(
    {
        "state",
        "cause",
        "opens_on",
        "due_on",
        "overdue_on",
        "closed_on",
        "superseded_by",
        "late_days",
        "total_hours",
    }
)
_FORM = frozenset(
    {
        "done_at",
        "hours",
        "technician",
        "signed_by",
        "genuine_oils",
        "items",
        "findings",
        "service_record_no",
        "nothing_removed",
        "winter_items",
    }
)
_FIELDS: dict[str, frozenset[str]] = {
    "stock_in": _MACHINE | {"inspected"},
    "handover": _MACHINE
    | _CUSTOMER
    | {"hours", "warranty", "service_centre", "last_step_done", "last_step_done_on", "handed_over_on"},
    "transfer": frozenset({"machine_id", "region", "yard"}),
    "retire": frozenset({"machine_id", "reason"}),
    "reading": frozenset({"machine_id", "hours", "device_time"}),
    "raw": frozenset({"topic", "payload", "payload_base64"}),
    "meter_change": frozenset({"machine_id", "changed_at", "old_end", "new_start"}),
    "complete": _ORDER | _FORM,
    "acknowledge": _ORDER,
    "contact": _ORDER,
    "schedule": _ORDER | {"scheduled_for"},
    "cancel": _ORDER | {"reason"},
    "copy_sent": _ORDER | {"on"},
    "expect": _ORDER | _EXPECTED,
}
_ALWAYS = frozenset({"at", "do", "by", "comment"})
_INSTANTS = ("done_at", "changed_at")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number, its instant in ms, what to do, and its fields as they stand (numbers as Decimal)."""

    number: int
    at_ms: int
    do: str
    fields: dict[str, Any]

    @property
    def machine_id(self) -> str | None:
        """The machine it is about, if it names one."""
        return self.fields.get("machine_id")


class TimelineError(ValueError):
    """A timeline that cannot be run; `problems` names every bad line."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems, and make them the message."""
        super().__init__("\n".join(problems))
        self.problems = problems


def read_timeline(text: str) -> list[Line]:
    """All lines of a timeline; TimelineError names every bad one, and then nothing is to be run."""
    problems: list[str] = []
    lines: list[Line] = []
    for number, source in enumerate(text.splitlines(), start=1):
        if not source.strip() or source.lstrip().startswith("#"):
            continue
        try:
            line = _line(number, source)
            _check_order(lines, line)
            lines.append(line)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        raise TimelineError(problems)
    return lines


def _line(number: int, source: str) -> Line:
    try:
        fields = parse(source.encode("utf-8", "surrogatepass"), _MOST_BYTES)
    except NotADocument as error:
        raise ValueError(str(error)) from None
    if not isinstance(fields, dict):
        message = "expected a JSON object"
        raise ValueError(message)  # noqa: TRY004 - every bad line is reported alike
    at_ms = instant_of(fields.get("at"), "at")
    do = fields.get("do")
    if not isinstance(do, str) or do not in _FIELDS:
        message = f"unknown do {do!r}; known are {', '.join(_FIELDS)}"
        raise ValueError(message)
    for problem in _field_problems(do, fields):
        raise ValueError(problem)
    return Line(number, at_ms, do, fields)


def _field_problems(do: str, fields: dict[str, Any]) -> Iterator[str]:
    unknown = sorted(set(fields) - _FIELDS[do] - _ALWAYS)
    if unknown:
        yield f"unknown field {', '.join(unknown)} in {do}"
    if "machine_id" in _FIELDS[do] and not isinstance(fields.get("machine_id"), str):
        yield "machine_id is missing or no text"
    for name in _ORDER & _FIELDS[do] - {"machine_id"}:
        if not isinstance(fields.get(name), str) and not (do == "expect" and "total_hours" in fields):
            yield f"{name} is missing or no text"
    if do == "raw" and not isinstance(fields.get("topic"), str):
        yield "topic is missing or no text"
    for name in _INSTANTS:
        if fields.get(name) is not None:
            instant_of(fields[name], name)


def _check_order(lines: list[Line], line: Line) -> None:
    if lines and line.at_ms < lines[-1].at_ms:
        message = f"is before line {lines[-1].number}; lines stand in order of time"
        raise ValueError(message)


def instant_of(value: object, name: str) -> int:
    """An instant in ms of ISO 8601 text with offset; ValueError says what is wrong."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"{name} must be an instant with offset, such as 2025-03-03T08:00:00+08:00; got {_shown(value)}"
        raise ValueError(message)
    return instant_ms(moment)


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)
