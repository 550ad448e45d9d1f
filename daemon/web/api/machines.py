"""Machines: what they have run, their life, their meters, and what is to be expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from adapters.store.listing import MACHINE_KEYS, READING_KEYS
from adapters.store.paging import Place
from daemon import forecasting, records, service_book
from daemon.web.api.fields import Machine
from daemon.web.entrance import Asker
from daemon.web.lists import LISTED, Paged, listed
from daemon.web.scope import machines_of, own_machine
from daemon.web.site import site_of
from notifications.words import words_in
from schedules.machine import Category, Status
from schedules.reading import Verdict

router = APIRouter(prefix="/machines", tags=["machines"])
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which machines are listed."""

    status: Annotated[Status | None, Query()] = None
    category: Annotated[Category | None, Query()] = None
    service_centre: Annotated[str | None, Query(max_length=64)] = None
    region: Annotated[str | None, Query(max_length=32)] = None
    yard: Annotated[str | None, Query(max_length=64)] = None

    def conditions(self) -> dict[str, str]:
        """Columns and the wanted values."""
        names = ("status", "category", "service_centre", "region", "yard")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@router.get("", summary="List machines", responses=LISTED)
def list_machines(request: Request, person: Asker, paging: Paged, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Machines by number."""
    site, chosen = site_of(request), machines_of(person, wanted.conditions())

    def rows(place: Place, limit: int | None) -> Iterator[Fields]:
        with site.keeper.store.read() as connection:
            yield from service_book.machines(connection, site.keeper, chosen, limit, place)

    return listed(request, paging, rows, service_book.MACHINE_FIELDS, MACHINE_KEYS)


@router.get("/{machine_id}", summary="Show a machine")
def show_machine(request: Request, person: Asker, machine_id: Machine, locale: str | None = None) -> Fields:
    """A machine with its `meter_changes`, `work_orders` and `story`, like a service book."""
    site = site_of(request)
    with site.keeper.store.read() as connection:
        own_machine(connection, person, machine_id)
        words = words_in(locale or person.locale or "en")
        found = service_book.machine(connection, site.keeper, machine_id, site.clock(), words)
    assert found is not None  # noqa: S101 - its row was there in this very transaction
    return found


@router.get("/{machine_id}/readings", summary="List a machine's readings", responses=LISTED)
def list_readings(
    request: Request, person: Asker, machine_id: Machine, paging: Paged, verdict: Verdict | None = None
) -> Response:
    """The newest first, each with its verdict and reason."""
    site = site_of(request)
    verdicts = None if verdict is None else frozenset({verdict})
    with site.keeper.store.read() as connection:
        own_machine(connection, person, machine_id)

    def rows(place: Place, limit: int | None) -> Iterator[Fields]:
        with site.keeper.store.read() as connection:
            yield from records.readings(connection, site.keeper, machine_id, verdicts, limit, place)

    return listed(request, paging, rows, records.READING_FIELDS, READING_KEYS, descending=True)


@router.get("/{machine_id}/forecast", summary="What will probably be due")
def show_forecast(request: Request, person: Asker, machine_id: Machine) -> list[Fields]:
    """The steps that are not due yet, the next one first; estimates."""
    site = site_of(request)
    with site.keeper.store.read() as connection:
        own_machine(connection, person, machine_id)
        return forecasting.of_machine(connection, site.keeper, machine_id, site.clock())
