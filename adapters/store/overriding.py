"""Winter overrides as they are kept: every decision stays, the last one of a region's season stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from adapters.store.tables import winter_overrides
from schedules.winter import Override, WinterTable

Standing = Mapping[tuple[str, str], Row[Any]]
"""The decisions that stand, by region and season."""


def decide(
    connection: Connection, region: str, season: str, override: Override, *, by: str, why: str, now_ms: int
) -> None:
    """Keep a decision; one without a date takes the last one back."""
    dates = {name: getattr(override, name) for name in Override.__dataclass_fields__}
    row = {"region": region, "season": season, "by": by, "why": why, "recorded_ms": now_ms}
    connection.execute(insert(winter_overrides).values(**row, **dates))


def standing(connection: Connection) -> Standing:
    """What was decided last of each region's season, without what was taken back."""
    columns = winter_overrides.c
    last = select(func.max(columns.id)).group_by(columns.region, columns.season)
    rows = connection.execute(select(winter_overrides).where(columns.id.in_(last)).order_by(columns.id)).all()
    return {(row.region, row.season): row for row in rows if override_of(row) != Override()}


def override_of(row: Row[Any]) -> Override:
    """The dates of a decision."""
    return Override(row.opens_on, row.due_on, row.ends_on)


def overridden(connection: Connection, winter: WinterTable) -> WinterTable:
    """Winter windows with what was decided of their seasons."""
    by_region: dict[str, dict[str, Override]] = {}
    for (region, season), row in standing(connection).items():
        by_region.setdefault(region, {})[season] = override_of(row)
    return WinterTable(
        {region: replace(window, overrides=by_region.get(region, {})) for region, window in winter.windows.items()}
    )
