"""What every use case needs: the store, the rules in force, and who is told by which settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from adapters.store.engine import Store
from notifications.occasions import Role
from notifications.timing import Timing
from notifications.ways import Entry
from schedules.dates import local_date
from schedules.plan import MeterRules
from schedules.rulebook import Rulebook
from schedules.visit_items import VisitItems


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody who is told what is overdue; empty `service_centres` and `regions` mean all.

    `zone` is theirs if it is not the plan's.
    """

    name: str
    email: str | None = None
    locale: str | None = None
    service_centres: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    zone: ZoneInfo | None = None
    phone: str | None = None

    def is_concerned(self, service_centre: str | None, region: str | None) -> bool:
        """Whether machines of this centre in this region are theirs."""
        centres, regions = self.service_centres, self.regions
        return (not centres or service_centre in centres) and (not regions or region in regions)


@dataclass(frozen=True, slots=True)
class Telling:
    """How notices are told (rules 8); `digest_on` is the day of the weekly digest, Monday 0, None: there is none."""

    locale: str = "zh-CN"
    managers: tuple[Manager, ...] = ()
    timing: Timing = field(default_factory=Timing)
    escalate_after_days: int = 7
    remind_every_days: int = 7
    channel: str = "log"
    digest_on: int | None = 0
    entries: tuple[Entry, ...] = ()

    def zone_of(self, role: Role, recipient: str) -> ZoneInfo | None:
        """The recipient's zone; None: the plan's."""
        if role is not Role.MANAGER:
            return None
        return next((manager.zone for manager in self.managers if manager.name == recipient), None)


@dataclass(frozen=True, slots=True)
class Kept:
    """For how many days what proves nothing is kept; 0: for ever."""

    readings_days: int = 1826
    payloads_days: int = 366


@dataclass(slots=True)
class Keeper:
    """Handed to every use case; the clock is an argument of each.

    `rulebook` is replaced while the daemon runs, when somebody has put another one in force: look it up each time.
    """

    store: Store
    rulebook: Rulebook
    telling: Telling = field(default_factory=Telling)
    retention: Kept = field(default_factory=Kept)

    @property
    def zone(self) -> ZoneInfo:
        """The plan's time zone."""
        return self.rulebook.plan.zone

    @property
    def meter_rules(self) -> MeterRules:
        """When a reading is believed."""
        return self.rulebook.plan.meter

    def items_of(self, plan_version: str) -> VisitItems:
        """The work items of a version of the plan."""
        return self.rulebook.items_of(plan_version)

    def today(self, now_ms: int) -> date:
        """The local date of an instant."""
        return local_date(now_ms, self.zone)
