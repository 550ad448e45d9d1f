"""What a check-up finds of one part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a finding matters: all is well, worth knowing, or wrong."""

    OK = "OK"
    NOTE = "NOTE"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class Found:
    """One finding about one part, in words that say what to do."""

    weight: Weight
    part: str
    text: str
