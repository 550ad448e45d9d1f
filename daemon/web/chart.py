"""A machine's hours over time as a drawing: readings, refused ones, the steps, and what is expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from schedules.dates import local_date

WIDTH, HEIGHT = 800, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 84, 12, 26
_MOST_POINTS = 400
_ROOM = 1.08
_MARKS = 4
_ROUND = (1, 2, 5, 10)

Point = tuple[float, float]
"""An instant in ms, and hours."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step's line at its hours, and its window: from when it is upcoming until when it is late."""

    name: str
    hours: float
    begins: float
    ends: float


def drawing(
    believed: Sequence[Point],
    refused: Sequence[Point],
    steps: Iterable[Step],
    ahead: Point | None,
    now_ms: int,
    zone: ZoneInfo,
) -> dict[str, Any] | None:
    """Coordinates for the template; None where nothing was believed yet.

    A reading that is far off the scale is drawn at its edge.
    """
    if not believed:
        return None
    begins, ends = believed[0][0], max(believed[-1][0], now_ms, ahead[0] if ahead else 0)
    top = max(hours for _, hours in [*believed, *([ahead] if ahead else [])]) * _ROOM or 1.0
    scale = _Scale(begins, max(ends, begins + 1), max(top, 1.0))
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": _LEFT,
        "right": WIDTH - _RIGHT,
        "bottom": HEIGHT - _BOTTOM,
        "line": _joined(scale.at(point) for point in _thinned(believed)),
        "ahead": _joined([scale.at(believed[-1]), scale.at(ahead)]) if ahead else "",
        "refused": [scale.at((at, min(hours, top))) for at, hours in refused if begins <= at <= ends],
        "steps": [_drawn(scale, each) for each in steps if each.begins <= top],
        "marks": [(_number(hours), scale.y(hours)) for hours in _marks(top)],
        "days": [(x, local_date(int(at), zone).isoformat()) for at, x in _days(scale)],
    }


@dataclass(frozen=True, slots=True)
class _Scale:
    begins: float
    ends: float
    top: float

    def at(self, point: Point) -> tuple[float, float]:
        """Where a point is drawn."""
        share = (point[0] - self.begins) / (self.ends - self.begins)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1), self.y(point[1])

    def y(self, hours: float) -> float:
        """How high hours are drawn."""
        share = min(1.0, max(0.0, hours / self.top))
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def _drawn(scale: _Scale, step: Step) -> dict[str, Any]:
    high, low = scale.y(step.ends), scale.y(step.begins)
    return {"name": step.name, "y": scale.y(step.hours), "high": high, "tall": round(low - high, 1)}


def _marks(top: float) -> Iterator[float]:
    """Round numbers of hours for the left edge, about four of them."""
    tenth = 10.0 ** (len(str(int(top / _MARKS))) - 1)
    every = next((each * tenth for each in _ROUND if each * tenth * _MARKS >= top / 1.3), 10 * tenth)
    count = int(top / every)
    return (every * number for number in range(count + 1))


def _days(scale: _Scale) -> Iterator[tuple[float, float]]:
    """Where dates stand below: at the beginning, in the middle, and at the end."""
    for share in (0, 0.5, 1):
        at = scale.begins + share * (scale.ends - scale.begins)
        yield at, scale.at((at, 0))[0]


def _number(hours: float) -> str:
    return f"{hours:g}"


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """As many as can be told apart, the last among them."""
    every = max(1, len(points) // _MOST_POINTS)
    return [*points[::every], points[-1]]


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
