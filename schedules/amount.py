"""Amounts of material as people write them, `20–25` or `2 × 32`, and what several of them come to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = r"(\d+(?:\.\d+)?)"
_RANGE = re.compile(rf"(?:(\d+) × )?{_NUMBER}(?:–{_NUMBER})?")


@dataclass(frozen=True, slots=True)
class Amount:
    """From so much to so much, in the material's unit."""

    least: Decimal = Decimal(0)
    most: Decimal = Decimal(0)

    @classmethod
    def parse(cls, text: str) -> Amount | None:
        """Read `5`, `20–25`, `2 × 32` or `2 × 20–25`; None for anything else: then the model decides."""
        match = _RANGE.fullmatch(text.strip())
        if match is None:
            return None
        times, least, most = match.groups()
        return cls(Decimal(least), Decimal(most or least)).times(int(times or 1))

    def __add__(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.least + other.least, self.most + other.most)

    def times(self, count: int) -> Amount:
        """So many of it."""
        return Amount(count * self.least, count * self.most)

    def __str__(self) -> str:
        """As people write it."""
        least, most = f"{self.least:f}", f"{self.most:f}"
        return least if least == most else f"{least}–{most}"
