"""Every route, asked by everybody, about what is theirs and what is not: who may, may; nobody else learns anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from adapters.store import people
from adapters.store.tables import notices, readings
from daemon.web.app import API
from daemon.web.links import Links
from daemon.web.site import WebSettings
from notifications.occasions import Role as Told
from tests.keeping import World
from tests.support.kept_in import copied_to

from .conftest import NOW, Served, peopled, serve

READER = "reader"
"""A manager's token that only reads."""
LINK = "link"
"""Whoever was sent the letter about L1's visit, as its service centre."""
EVERYBODY = ("manager", "auditor", "SC7", "SC8", "Y1", "Y2", READER, LINK, None)
LOOKERS = {"manager", "auditor", READER}
PEOPLE = LOOKERS | {"SC7", "SC8", "Y1", "Y2"}
OF_L1 = LOOKERS | {"SC7"}
OF_S1 = LOOKERS | {"Y1"}
THEIRS = {"SC7": {"L1", "U9"}, "SC8": {"L2"}, "Y1": {"S1"}, "Y2": {"S2"}, LINK: {"L1"}}
ALL = {"L1", "L2", "S1", "S2"}
VISIT, SHEET = "{visit}", "{sheet}"
CENTRES, YARDS = {"SC7", "SC8"}, {"Y1", "Y2"}
DAY = "2026-03-25"
FORM = {"done_at": "2026-03-20", "technician": "Li", "signed_by": "Wang"}
VISIT_FORM = {**FORM, "hours": 131, "genuine_oils": True, "items": ["oil"]}
SHEET_FORM = {**FORM, "nothing_removed": True, "winter_items": True, "items": ["battery"]}
SOLD = {"warranty": "one_year", "hours": 3, "customer": "Li", "service_centre": "SC7", "region": "37"}
NEW = {"category": "loader", "region": "37"}
CSV = "text/csv"
FLEET = "machine_id,category,status,stocked_on\nI1,loader,stock,2026-03-01\n"


@dataclass(frozen=True)
class Ask:
    """A call of a route, and who may make it; `body` is JSON, or the text of a file."""

    path: str
    allowed: set[str]
    body: Any = None
    also: set[int] = field(default_factory=set)
    """Answers to somebody who may that are no success, but say no more than that the moment is wrong."""


def order(what: str, body: object, of_l1: set[str], of_s1: set[str]) -> list[Ask]:
    """A report of an order: of a visit, and of a yard's sheet; a moment that is wrong is said with 409."""
    sheet = SHEET_FORM if body is VISIT_FORM else body
    return [
        Ask(f"/work-orders/{VISIT}/{what}", of_l1, body, {409}),
        Ask(f"/work-orders/{SHEET}/{what}", of_s1, sheet, {409}),
    ]


MATRIX: dict[str, list[Ask]] = {
    "GET /work-orders": [
        Ask("/work-orders", PEOPLE | {LINK}),
        Ask("/work-orders?service_centre=SC7", LOOKERS | {"SC7", *YARDS, LINK}),
        Ask("/work-orders?format=csv", PEOPLE | {LINK}),
    ],
    "GET /work-orders/{order_id}": [
        Ask(f"/work-orders/{VISIT}", OF_L1 | {LINK}),
        Ask(f"/work-orders/{SHEET}", OF_S1),
        Ask("/work-orders/999999", set()),
    ],
    "GET /work-orders/{order_id}/form": [
        Ask(f"/work-orders/{VISIT}/form", OF_L1 | {LINK}),
        Ask(f"/work-orders/{SHEET}/form", OF_S1),
    ],
    "GET /yards/{yard}/sheets": [Ask("/yards/Y1/sheets?month=2026-03", OF_S1)],
    "POST /work-orders/{order_id}/acknowledge": order("acknowledge", None, {"manager", "SC7", LINK}, {"manager", "Y1"}),
    "POST /work-orders/{order_id}/contact": order("contact", {"note": "spoke"}, {"manager", "SC7", LINK}, {"manager"}),
    "POST /work-orders/{order_id}/schedule": order(
        "schedule", {"scheduled_for": DAY}, {"manager", "SC7", LINK}, {"manager"}
    ),
    "POST /work-orders/{order_id}/complete": order("complete", VISIT_FORM, {"manager", "SC7", LINK}, {"manager", "Y1"}),
    "POST /work-orders/{order_id}/copy-sent": order("copy-sent", {"on": DAY}, {"manager", "SC7"}, {"manager"}),
    "POST /work-orders/{order_id}/cancel": order("cancel", {"reason": "scrapped"}, {"manager"}, {"manager"}),
    "GET /machines": [Ask("/machines", PEOPLE), Ask("/machines?service_centre=SC7", LOOKERS | {"SC7", *YARDS})],
    "POST /machines": [
        Ask(
            "/machines",
            {"manager", "Y1"},
            {"machine_id": "N1", "category": "loader", "yard": "Y1", "region": "37"},
            {409},
        ),
        Ask("/machines", {"manager"}, {"machine_id": "N2", **NEW, **SOLD}),
    ],
    "GET /machines/{machine_id}": [Ask("/machines/L1", OF_L1), Ask("/machines/S1", OF_S1), Ask("/machines/NO", set())],
    "GET /machines/{machine_id}/readings": [Ask("/machines/L1/readings", OF_L1), Ask("/machines/S1/readings", OF_S1)],
    "GET /machines/{machine_id}/forecast": [Ask("/machines/L1/forecast", OF_L1), Ask("/machines/S1/forecast", OF_S1)],
    "POST /machines/{machine_id}/handover": [Ask("/machines/S1/handover", {"manager"}, SOLD)],
    "POST /machines/{machine_id}/transfer": [
        Ask("/machines/S1/transfer", {"manager", "Y1"}, {"yard": "Y2"}, {404, 409}),
    ],
    "POST /machines/{machine_id}/retire": [Ask("/machines/L1/retire", {"manager"}, {"reason": "scrapped"})],
    "POST /machines/{machine_id}/meter-changes": [
        Ask(
            "/machines/L1/meter-changes",
            {"manager", "SC7"},
            {"changed_at": "2026-03-19T12:00:00+08:00", "old_end": 131, "new_start": 0, "dry_run": True},
        )
    ],
    "POST /machines/{machine_id}/corrections": [
        Ask("/machines/L1/corrections", {"manager"}, {"why": "typed wrong", "facts": {"model": "X"}, "dry_run": True})
    ],
    "POST /machines/import": [
        Ask("/machines/import", {"manager"}, "machine_id,category,status,stocked_on\nI1,loader,stock,2026-03-01\n")
    ],
    "POST /service-centres/import": [Ask("/service-centres/import", {"manager"}, "service_centre,name\nSC9,Nine\n")],
    "POST /yards/import": [Ask("/yards/import", {"manager"}, "yard,name\nY9,Nine\n")],
    "POST /readings/import": [
        Ask("/readings/import", {"manager"}, "machine_id,hours,at\nL1,132,2026-03-19T20:00:00+08:00\n")
    ],
    "GET /refused-readings": [Ask("/refused-readings", LOOKERS)],
    "POST /refused-readings/{number}/accept": [
        Ask("/refused-readings/{reading}/accept", {"manager"}, {"why": "true", "dry_run": True})
    ],
    "POST /refused-readings/{number}/void": [
        Ask("/refused-readings/{reading}/void", {"manager"}, {"why": "wrong", "dry_run": True})
    ],
    "GET /findings": [Ask("/findings", LOOKERS | CENTRES)],
    "GET /notices": [Ask("/notices", LOOKERS)],
    "GET /notices/{name}": [Ask("/notices/{notice}", LOOKERS)],
    "POST /notices/{name}/retry": [Ask("/notices/{notice}/retry", {"manager"}, None, {409})],
    "GET /summary": [Ask("/summary", PEOPLE)],
    "GET /compliance": [Ask("/compliance", PEOPLE)],
    "GET /service-centres": [Ask("/service-centres", LOOKERS)],
    "GET /yards": [Ask("/yards", LOOKERS)],
    "GET /duties": [Ask("/duties", LOOKERS)],
    "GET /forecast": [Ask("/forecast", LOOKERS | CENTRES), Ask("/forecast?service_centre=SC7", OF_L1)],
    "GET /workload": [Ask("/workload", LOOKERS | CENTRES), Ask("/workload?service_centre=SC7", OF_L1)],
    "GET /calls": [Ask("/calls", LOOKERS | CENTRES), Ask("/calls?service_centre=SC7", OF_L1)],
    "GET /plan": [Ask("/plan", PEOPLE)],
    "GET /winters": [Ask("/winters", PEOPLE)],
    "POST /winters/{region}/{season}/override": [
        Ask("/winters/23/2026-27/override", {"manager"}, {"why": "frost", "due_on": "2026-09-20"})
    ],
    "POST /winters/{region}/{season}/withdraw": [Ask("/winters/23/2026-27/withdraw", {"manager"}, {"why": "mild"})],
    "GET /people": [Ask("/people", {"manager"})],
    "POST /people": [Ask("/people", {"manager"}, {"name": "wu", "role": "auditor"}, {409})],
    "POST /people/{name}/invite": [Ask("/people/zhao/invite", {"manager"})],
    "POST /people/{name}/disable": [Ask("/people/zhao/disable", {"manager"})],
    "POST /people/{name}/enable": [Ask("/people/zhao/enable", {"manager"})],
    "GET /tokens": [Ask("/tokens", {"manager"})],
    "POST /tokens": [Ask("/tokens", {"manager"}, {"name": "t", "role": "auditor"})],
    "POST /tokens/{number}/revoke": [Ask("/tokens/{token}/revoke", {"manager"}, None, {409})],
    "GET /audit": [Ask("/audit", LOOKERS)],
}


@dataclass
class Seen:
    """A served world, and what its numbers are."""

    served: Served
    names: dict[str, str]

    def asked(self, who: str | None, method: str, ask: Ask) -> Response:
        path = API + ask.path
        for name, value in self.names.items():
            path = path.replace(f"{{{name}}}", value)
        client: TestClient = self.served.asked_by(who)
        if isinstance(ask.body, str):
            return client.request(method, path, content=ask.body, headers={"Content-Type": CSV})
        return client.request(method, path, json=ask.body)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the world, with a notice told, and a person to be disabled."""
    file = tmp_path_factory.mktemp("rights") / "hourkeeper.db"
    world = peopled(file)
    with world.keeper.store.write() as connection:
        people.add_person(connection, "zhao", people.Place("auditor"), None, 0)
    world.keeper.store.close()
    return file


@contextmanager
def opened(file: Path) -> Iterator[Seen]:
    """It, served, with a token for everybody."""
    world = World(file)
    world.goes_to(NOW)
    served = serve(world)
    with world.keeper.store.write() as connection:
        columns = {"created_by": "tests", "created_ms": 0, "role": "manager"}
        served.tokens[READER] = people.add_token(connection, {"name": READER, "read_only": True, **columns})[1]
        token = people.add_token(connection, {"name": "to be revoked", **columns})[0]
        reading = connection.execute(select(readings.c.id).where(readings.c.verdict == "jump").limit(1)).scalar_one()
        notice = connection.execute(select(notices.c.id).limit(1)).scalar_one()
    visit, sheet = served.order_id("L1", "100"), served.order_id("S1", "2025-26@23")
    links = Links("a secret of the tests", WebSettings().link_ms)
    served.tokens[LINK] = links.of_order(visit, Told.SERVICE_CENTRE, "SC7", world.now_ms)
    numbers = {"visit": visit, "sheet": sheet, "reading": reading, "notice": notice, "token": token}
    yield Seen(served, {name: str(number) for name, number in numbers.items()})
    world.keeper.store.close()


@pytest.fixture(scope="module")
def looked_at(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A copy of it, only to be looked at."""
    with opened(copied_to(prepared, tmp_path_factory.mktemp("looked_at") / prepared.name)) as seen:
        yield seen


@pytest.fixture
def changed(prepared: Path, tmp_path: Path) -> Iterator[Seen]:
    """A copy of it, to change things in."""
    with opened(copied_to(prepared, tmp_path / prepared.name)) as seen:
        yield seen


def routes(app: FastAPI) -> set[str]:
    paths = app.openapi()["paths"].items()
    return {f"{method.upper()} {path.removeprefix(API)}" for path, methods in paths for method in methods}


def test_every_route_of_the_api_is_in_the_matrix(looked_at: Seen) -> None:
    assert routes(looked_at.served.app) == set(MATRIX)


@pytest.mark.parametrize("route", [route for route in MATRIX if route.startswith("GET")])
def test_who_may_look_may_and_nobody_else_learns_anything(looked_at: Seen, route: str) -> None:
    _check(looked_at, route)


@pytest.mark.parametrize("route", [route for route in MATRIX if route.startswith("POST")])
def test_who_may_change_something_may_and_nobody_else_can(changed: Seen, route: str) -> None:
    _check(changed, route)


def _check(seen: Seen, route: str) -> None:
    method = route.split(maxsplit=1)[0]
    for ask in MATRIX[route]:
        for who in sorted(set(EVERYBODY) - ask.allowed, key=str):
            answer = seen.asked(who, method, ask)
            assert answer.status_code in ({401} if who is None else {403, 404}), (who, ask.path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
        for who in sorted(ask.allowed):
            answer = seen.asked(who, method, ask)
            assert answer.is_success or answer.status_code in ask.also, (who, ask.path, answer.status_code, answer.text)
            _nothing_of_others(who, answer.text if "pdf" not in answer.headers["content-type"] else "")


def _nothing_of_others(who: str, text: str) -> None:
    if who in THEIRS:
        assert not {machine for machine in ALL - THEIRS[who] if re.search(rf"\b{machine}\b", text)}, (who, text)


def test_every_answer_tells_the_browser_to_be_careful(looked_at: Seen) -> None:
    for route, asks in MATRIX.items():
        method = route.split()[0]
        for who in ("manager", None) if method == "GET" else (None,):
            headers = looked_at.asked(who, method, asks[0]).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "same-origin"
