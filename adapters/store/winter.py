"""Winter windows as they are kept with the rulebook they belong to: plain JSON, by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from schedules.winter import Override, Policy, WinterTable, WinterWindow

_DATES = ("opens", "due", "end")


def plain_winter(winter: WinterTable) -> dict[str, Any]:
    """Winter windows as JSON holds them."""
    return {"windows": {region: _plain(window) for region, window in sorted(winter.windows.items())}}


def winter_of(data: Mapping[str, Any]) -> WinterTable:
    """What `plain_winter` has made plain."""
    return WinterTable({region: _window(region, kept) for region, kept in data.get("windows", {}).items()})


def _plain(window: WinterWindow) -> dict[str, Any]:
    dates = {name: getattr(window, name) for name in _DATES}
    plain: dict[str, Any] = {name: list(day) for name, day in dates.items() if day is not None}
    plain |= {"policy": window.policy.value, "name": window.name, "approximate": window.approximate}
    if window.overrides:
        plain["overrides"] = {name: _plain_override(each) for name, each in sorted(window.overrides.items())}
    return plain


def _plain_override(override: Override) -> dict[str, str]:
    given = {name: getattr(override, name) for name in Override.__dataclass_fields__}
    return {name: on.isoformat() for name, on in given.items() if on is not None}


def _window(region: str, kept: Mapping[str, Any]) -> WinterWindow:
    opens, due, end = (_day(kept.get(name)) for name in _DATES)
    overrides = {name: _override(each) for name, each in kept.get("overrides", {}).items()}
    name, approximate = kept.get("name", ""), kept.get("approximate", False)
    return WinterWindow(region, Policy(kept["policy"]), opens, due, end, name, approximate, overrides)


def _override(kept: Mapping[str, str]) -> Override:
    return Override(**{name: date.fromisoformat(on) for name, on in kept.items()})


def _day(kept: Sequence[int] | None) -> tuple[int, int] | None:
    return None if kept is None else (kept[0], kept[1])
