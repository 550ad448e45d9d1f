"""Where machines publish, and where in their messages the hours are: `[[mqtt.sources]]` (design 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from schedules.reading import Unit

MACHINE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PLACE = "{machine_id}"


class AtFormat(StrEnum):
    """How a source writes device times: ISO 8601, or whole or fractional seconds or ms since 1970."""

    ISO = "iso"
    SECONDS = "s"
    MILLISECONDS = "ms"


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source as configured; paths are dotted names into the JSON, also through arrays."""

    topic: str = "machines/{machine_id}/hours"
    hours: str = "hours"
    at: str = "at"
    machine_id: str | None = "machine_id"
    unit: Unit = Unit.HOURS
    at_format: AtFormat = AtFormat.ISO


class Source:
    """A source ready for use: what to subscribe to, and how to take a topic apart."""

    def __init__(self, spec: SourceSpec) -> None:
        """Prepare the topic filter, the topic's pattern and the paths."""
        levels = spec.topic.split("/")
        self.filter = "/".join("+" if level == _PLACE else level for level in levels)
        self._pattern = re.compile("/".join(_level(level) for level in levels), re.DOTALL)
        self._names_machine = _PLACE in levels
        self.paths = (
            path_of(spec.hours),
            path_of(spec.at),
            path_of(spec.machine_id) if spec.machine_id else None,
        )
        self.is_flat = all(path is None or len(path) == 1 for path in self.paths)
        self.keys = tuple(path[0] if path else None for path in self.paths)
        self.unit = spec.unit
        self.at_format = spec.at_format

    def machine_in(self, topic: str) -> str | None:
        """The machine a topic names: empty if it names none, None if it is no topic of this source.

        ValueError if what stands in the machine's place is no machine number.
        """
        match = self._pattern.fullmatch(topic)
        if match is None:
            return None
        if not self._names_machine:
            return ""
        named = match["machine_id"]
        if MACHINE_ID.fullmatch(named) is None:
            raise ValueError(named)
        return named


def reads(source: str, topic: str) -> bool:
    """Whether a source's topic also takes what is published under `topic`, which may have {machine_id}, too."""
    try:
        return Source(SourceSpec(topic=source)).machine_in(topic.replace(_PLACE, "M")) is not None
    except ValueError:
        return True


def _level(level: str) -> str:
    if level == _PLACE:
        return "(?P<machine_id>[^/]*)"
    if level == "+":
        return "[^/]*"
    return ".*" if level == "#" else re.escape(level)


def path_of(text: str) -> tuple[str, ...]:
    """The names of a dotted path; a leading `$.` is allowed, `[]` and `[*]` are not needed."""
    names = text.removeprefix("$").replace("[*]", "").replace("[]", "").split(".")
    return tuple(name for name in names if name)
