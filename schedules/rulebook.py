"""All that is looked up when work is assessed: plans by version, and the winter windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schedules.plan import Plan
from schedules.winter import WinterTable


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`current` is the version that orders not yet in being follow; existing orders keep theirs (design 2).

    `serial` tells it from the rulebooks that were in force before: another plan, other winter windows or overrides.
    """

    plans: Mapping[str, Plan]
    current: str
    winter: WinterTable = field(default_factory=WinterTable)
    serial: int = 0

    @property
    def plan(self) -> Plan:
        """The newest plan."""
        return self.plans[self.current]
