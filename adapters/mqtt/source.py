"""Where machines publish, and where in their messages the hours are: `[[mqtt.sources]]` (design 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.mqtt.document import EACH_NAME, THE_NAME, Path
from adapters.mqtt.octets import Octets
from schedules.reading import Unit

MACHINE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PLACE = EACH_NAME
_DEVICE_LEVELS = len(("spBv1.0", "group", "type", "edge node", "device"))
_SPARKPLUG_AT = ("timestamp",)


class AtFormat(StrEnum):
    """How a source writes device times: ISO 8601, whole or fractional seconds or ms since 1970, or twelve digits."""

    ISO = "iso"
    SECONDS = "s"
    MILLISECONDS = "ms"
    DIGITS = "yymmddhhmmss"


class Payload(StrEnum):
    """What a message is."""

    JSON = "json"
    BYTES = "bytes"
    SPARKPLUG_B = "sparkplug_b"


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source as configured; paths are dotted names into the JSON, also through arrays.

    `octets`: the hours are bytes. `hours_optional`: messages without hours are about something else.
    """

    topic: str = "machines/{machine_id}/hours"
    hours: str = "hours"
    at: str = "at"
    machine_id: str | None = "machine_id"
    unit: Unit = Unit.HOURS
    at_format: AtFormat = AtFormat.ISO
    payload: Payload = Payload.JSON
    octets: Octets | None = None
    hours_optional: bool = False


class Source:
    """A source ready for use: what to subscribe to, and how to take a topic apart."""

    def __init__(self, spec: SourceSpec) -> None:
        """Prepare the topic filter, the topic's pattern and the paths."""
        levels = spec.topic.split("/")
        self.payload = spec.payload
        self.hours = spec.hours
        beside = _edge_node(spec)
        self._pattern = _pattern(levels)
        self._beside = _pattern(beside) if beside else None
        self.filters = tuple(
            "/".join("+" if level == _PLACE else level for level in each) for each in (levels, beside) if each
        )
        self._names_machine = _PLACE in levels
        self.paths = _paths(spec)
        self.octets = spec.octets
        self.hours_optional = spec.hours_optional
        self.is_flat = not spec.hours_optional and all(path is None or len(path) == 1 for path in self.paths)
        self.keys = tuple(path[0] if path else None for path in self.paths)
        self.unit = spec.unit
        self.at_format = AtFormat.MILLISECONDS if spec.payload is Payload.SPARKPLUG_B else spec.at_format

    def machine_in(self, topic: str) -> str | None:
        """The machine a topic names: empty if it names none, None if it is no topic of this source.

        ValueError if what stands in the machine's place is no machine number.
        """
        match = self._pattern.fullmatch(topic)
        if match is None:
            return "" if self._beside and self._beside.fullmatch(topic) else None
        if not self._names_machine:
            return ""
        named = match["machine_id"]
        if MACHINE_ID.fullmatch(named) is None:
            raise ValueError(named)
        return named


def filters_of(sources: Iterable[Source]) -> list[str]:
    """All that is to be subscribed to."""
    return [each for source in sources for each in source.filters]


def reads(source: str, topic: str) -> bool:
    """Whether a source's topic also takes what is published under `topic`, which may have {machine_id}, too."""
    try:
        return Source(SourceSpec(topic=source)).machine_in(topic.replace(_PLACE, "M")) is not None
    except ValueError:
        return True


def _pattern(levels: Sequence[str]) -> re.Pattern[str]:
    return re.compile("/".join(_level(level) for level in levels), re.DOTALL)


def _level(level: str) -> str:
    if level == _PLACE:
        return "(?P<machine_id>[^/]*)"
    if level == "+":
        return "[^/]*"
    return ".*" if level == "#" else re.escape(level)


def _edge_node(spec: SourceSpec) -> list[str]:
    """Where a Sparkplug device's edge node speaks for itself: its messages are counted together with the device's."""
    levels = spec.topic.split("/")
    return levels[:-1] if spec.payload is Payload.SPARKPLUG_B and len(levels) == _DEVICE_LEVELS else []


def _paths(spec: SourceSpec) -> tuple[Path, Path, Path]:
    """Those to hours, time and machine; one that leads through every machine's name finds the machine there."""
    if spec.payload is Payload.SPARKPLUG_B:
        return (spec.hours,), _SPARKPLUG_AT, None
    hours, at = path_of(spec.hours), path_of(spec.at)
    if _PLACE in hours:
        return hours, at, (*hours[: hours.index(_PLACE) + 1], THE_NAME)
    return hours, at, path_of(spec.machine_id) if spec.machine_id else None


def path_of(text: str) -> tuple[str, ...]:
    """The names of a dotted path; a leading `$.` is allowed, `[]` and `[*]` are not needed."""
    names = text.removeprefix("$").replace("[*]", "").replace("[]", "").split(".")
    return tuple(name for name in names if name)
