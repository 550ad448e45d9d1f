"""The lists that people look at, with their filters and orders, and what they ask of the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One address, and who asks for it."""

    path: str
    who: str = "manager"


def addresses(centre: str, region: str, yard: str, machine_id: str) -> Iterator[Asked]:
    """The lists with each of their filters and sorts, and the pages."""
    orders, machines = "/api/v1/work-orders", "/api/v1/machines"
    states = ("open", "upcoming", "due", "overdue", "done", "superseded", "lapsed", "cancelled")
    kinds = ("mandatory_visit", "self_service", "stock_upkeep", "freeze_protection")
    places = (f"service_centre={centre}", f"region={region}", f"machine={machine_id}")
    yield Asked(orders)
    yield from (Asked(f"{orders}?sort={sort}") for sort in ("overdue", "due", "id"))
    yield from (Asked(f"{orders}?state={state}") for state in states)
    yield from (Asked(f"{orders}?state={state}&sort=due") for state in ("open", "overdue", "done"))
    yield from (Asked(f"{orders}?state=open&kind={kind}&sort=due") for kind in kinds)
    yield from (Asked(f"{orders}?kind={kind}") for kind in kinds)
    yield from (Asked(f"{orders}?{place}") for place in places)
    yield from (Asked(f"{orders}?state={state}&{place}") for place in places for state in ("open", "overdue"))
    yield from (Asked(f"{orders}?{span}") for span in ("due_from=2026-01-01", "due_before=2026-09-01&state=open"))
    yield Asked(f"{orders}?due_from=2026-12-01&due_before=2026-12-08&state=open&sort=due")
    yield from (Asked(f"{orders}?state={state}", "centre") for state in ("open", "overdue", "done"))
    yield from (Asked(f"{orders}?state=open&sort={sort}", "yard") for sort in ("machine", "due"))
    yield Asked(machines)
    yield from (Asked(f"{machines}?status={status}") for status in ("stock", "in_service", "retired"))
    yield from (Asked(f"{machines}?category={category}") for category in ("loader", "roller"))
    yield from (Asked(f"{machines}?{place}") for place in (*places[:2], f"yard={yard}"))
    yield from (Asked(machines, who) for who in ("centre", "yard"))
    yield Asked(f"{machines}/{machine_id}/readings")
    yield Asked("/api/v1/refused-readings")
    yield from (Asked(f"/api/v1/findings{more}") for more in ("", "?cured=true", "?kind=never_reported"))
    yield Asked("/api/v1/findings", "centre")
    yield from (Asked(f"/api/v1/notices{more}") for more in ("", "?state=waiting", "?state=sent", "?state=dead"))
    yield Asked("/api/v1/notices?state=dropped")
    yield from (Asked("/api/v1/summary", who) for who in ("manager", "centre", "yard"))
    pages = ("/", "/work-orders?state=overdue", "/work-orders?state=open&sort=due", "/machines", "/stock", "/meters")
    yield from (Asked(page) for page in (*pages, "/findings", "/notices", f"/machines/{machine_id}", "/health"))
    yield from (Asked(page, "centre") for page in ("/", "/work-orders?state=open", "/machines"))
    yield Asked("/stock", "yard")


@dataclass
class Statements:
    """What was asked of the database, while it listens."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    def hear(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:  # noqa: ANN401 - the driver's
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            self.asked.append((statement, parameters))
