"""Engine hours as whole milliseconds, so that a threshold is met exactly or not at all (rules 7)."""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal

MS_PER_HOUR = 3_600_000
_HOUR = Decimal(MS_PER_HOUR)
_cut = Context(prec=60, rounding=ROUND_DOWN).multiply


def milliseconds(value: Decimal, unit_ms: Decimal = _HOUR) -> int:
    """Engine time of a decimal number of units (one unit lasts `unit_ms`); finer digits are cut off."""
    return int(_cut(value, unit_ms))


def shown(total_ms: int) -> float:
    """Hours as people read them, with at most 3 decimals; cut, so that no threshold seems reached that is not."""
    return total_ms * 1000 // MS_PER_HOUR / 1000


def text(total_ms: int) -> str:
    """Hours as text without trailing zeros: `100`, `612.5`; the name of a self-service step (rules 2)."""
    return f"{shown(total_ms):.3f}".rstrip("0").rstrip(".")
