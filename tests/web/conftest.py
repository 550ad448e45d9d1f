"""A site over a small world, asked by people of every role."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert
from starlette.testclient import TestClient

from adapters.store import people
from adapters.store.people import Place
from adapters.store.tables import service_centres, yards
from daemon.web.app import app_of
from daemon.web.site import Site, WebSettings
from tests.keeping import World

ROLES = {
    "manager": Place("manager"),
    "auditor": Place("auditor"),
    "SC7": Place("service_centre", service_centre="SC7"),
    "SC8": Place("service_centre", service_centre="SC8"),
    "Y1": Place("yard", yard="Y1"),
    "Y2": Place("yard", yard="Y2"),
}
NOW = "2026-03-20 09:00"


@dataclass
class Served:
    """The world, the application over it, and a token for everybody."""

    world: World
    app: FastAPI
    tokens: dict[str, str] = field(default_factory=dict)

    def asked_by(self, who: str | None) -> TestClient:
        """A client with somebody's token, or with none."""
        headers = {} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"}
        return TestClient(self.app, "http://localhost", raise_server_exceptions=False, headers=headers)

    def order_id(self, machine_id: str, step: str) -> int:
        """The number of a work order."""
        found = self.asked_by("manager").get("/api/v1/work-orders", params={"machine": machine_id}).json()["items"]
        return next(int(item["id"]) for item in found if item["step"] == step)


def serve(world: World) -> Served:
    """The application over a world, with a token for each role."""
    site = Site(world.keeper, world.clock, WebSettings(), "a secret of the tests")
    served = Served(world, app_of(site))
    with world.keeper.store.write() as connection:
        for name, place in ROLES.items():
            values: dict[str, Any] = {"name": name, "created_by": "tests", "created_ms": 0, **place.columns()}
            served.tokens[name] = people.add_token(connection, values)[1]
    return served


def peopled(place: Path | str) -> World:
    """L1 of SC7 overdue, L2 of SC8 upcoming, S1 in stock in Y1, S2 in Y2; U9 unknown, L1 with a refused reading."""
    world = World(place)
    world.goes_to("2026-03-01 08:00")
    world.registers()
    with world.keeper.store.write() as connection:
        connection.execute(insert(service_centres).values(service_centre="SC8", name="Harbin"))
        connection.execute(insert(yards).values(yard="Y2", name="Yard two"))
    world.sells("L1")
    world.goes_to("2026-03-12 08:00")
    world.sells("L2", service_centre="SC8", region="23")
    world.stocks("S1", region="23")
    world.stocks("S2", yard="Y2")
    world.goes_to("2026-03-15 08:00")
    world.reads("L1", "90")
    world.goes_to("2026-03-19 08:00")
    world.reads("L1", "130")
    world.reads("L1", "99999")
    world.goes_to(NOW)
    return world


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """A site of one's own, to change things in."""
    return serve(peopled(tmp_path / "hourkeeper.db"))


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A site that is only looked at."""
    return serve(peopled(tmp_path_factory.mktemp("site") / "hourkeeper.db"))
