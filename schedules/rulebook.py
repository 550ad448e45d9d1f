"""All that is looked up of the rules: plans by version with their work items, and the winter windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schedules.plan import Plan
from schedules.visit_items import VisitItems
from schedules.winter import WinterTable


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`current` is the version that orders not yet in being follow; existing orders keep theirs (design 2).

    `items` are the work items by version of the plan. `serial` tells it from the rulebooks that were in force before:
    another plan, other work items, other winter windows or overrides.
    """

    plans: Mapping[str, Plan]
    current: str
    winter: WinterTable = field(default_factory=WinterTable)
    serial: int = 0
    items: Mapping[str, VisitItems] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The newest plan."""
        return self.plans[self.current]

    def items_of(self, plan_version: str) -> VisitItems:
        """The work items of an order that was opened under a version of the plan.

        A version from before work items were kept with plans has those in force.
        """
        return self.items.get(plan_version) or self.items.get(self.current) or VisitItems({})
