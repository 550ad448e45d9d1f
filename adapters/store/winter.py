"""Winter windows as they are kept with the rulebook they belong to: plain JSON, by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schedules.winter import Policy, WinterTable, WinterWindow

_DATES = ("opens", "due", "end")


def plain_winter(winter: WinterTable) -> dict[str, Any]:
    """Winter windows as JSON holds them."""
    return {"windows": {region: _plain(window) for region, window in sorted(winter.windows.items())}}


def winter_of(data: Mapping[str, Any]) -> WinterTable:
    """What `plain_winter` has made plain."""
    return WinterTable({region: _window(region, kept) for region, kept in data.get("windows", {}).items()})


def _plain(window: WinterWindow) -> dict[str, Any]:
    dates = {name: getattr(window, name) for name in _DATES}
    return {"policy": window.policy.value, **{name: list(day) for name, day in dates.items() if day is not None}}


def _window(region: str, kept: Mapping[str, Any]) -> WinterWindow:
    return WinterWindow(region, Policy(kept["policy"]), *(_day(kept.get(name)) for name in _DATES))


def _day(kept: Sequence[int] | None) -> tuple[int, int] | None:
    return None if kept is None else (kept[0], kept[1])
