"""Fleets that a maker's server knows (ISO/TS 15143-3) are asked page by page; their hours take the ordinary way.

How far a round has come is a row of the store: a restart, or another replica, goes on with the page that was due.
"""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, Row

from adapters.aemp.server import FleetFault
from adapters.aemp.snapshot import MachineHours, Page
from adapters.mqtt.client import StoreAwayError
from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import Source, SourceSpec
from adapters.store import errands
from adapters.store.engine import STORE_FAULTS
from daemon.intake import Intake
from daemon.keeper import Keeper
from daemon.showing import instant

ERRANDS = "aemp:"
_IDLE_S = 1.0
_LONGEST_IDLE_S = 60.0
_FIRST_PAUSE_MS = 30_000
_PATIENCE_S = 20.0
_BATCH = 200
log = structlog.stdlib.get_logger("aemp")


class HasPages(Protocol):
    """A fleet's server as the poller needs it."""

    def page(self, url: str | None = None) -> Page:
        """The page behind a link, or the first one; FleetFault."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet: its name, which of a machine's numbers is ours, what is taken off its front, and how often it is asked.

    `longest_s` is the longest that one page can take.
    """

    name: str
    known_by: str
    prefix: str
    every_ms: int
    longest_s: float

    @property
    def errand(self) -> str:
        """The name of its row."""
        return f"{ERRANDS}{self.name}"


class Poller:
    """Asks one fleet; `clock` gives ms."""

    def __init__(self, keeper: Keeper, fleet: Fleet, server: HasPages, clock: Callable[[], int]) -> None:
        """Prepare; nothing is asked yet."""
        self._store = keeper.store
        self._fleet = fleet
        self._server = server
        self._clock = clock
        self._topic = f"aemp/{fleet.name}"
        decoder = Decoder([Source(SourceSpec(topic=self._topic))], keeper.meter_rules, keeper.zone)
        self._intake = Intake(keeper, decoder, clock, _PATIENCE_S)
        self._holder = str(uuid.uuid4())

    def turn(self) -> bool:
        """Read one page if one is due and nobody else reads it; whether the next one is due at once."""
        with self._store.read() as connection:
            if not errands.may_take(connection, self._fleet.errand, self._holder, self._clock()):
                return False
        lease_ms = round((self._fleet.longest_s + 2 * _PATIENCE_S) * 1000)
        with self._store.write() as connection:
            errand = errands.take(connection, self._fleet.errand, self._holder, self._clock(), lease_ms)
        return errand is not None and self._read(errand)

    def end(self) -> None:
        """Another process need not wait for the end of our lease."""
        with self._store.write() as connection:
            errands.release(connection, self._fleet.errand, self._holder)

    def _read(self, errand: Row[Any]) -> bool:
        try:
            page = self._server.page(errand.place)
        except FleetFault as fault:
            self._postpone(errand, fault)
            return False
        self._take(page.machines)
        self._go_on(page)
        return page.next_href is not None

    def _take(self, machines: Sequence[MachineHours]) -> None:
        """Through the intake, as if each had come by itself; what was taken from an earlier round is known there."""
        for start in range(0, len(machines), _BATCH):
            self._intake.take([self._delivery(machine) for machine in machines[start : start + _BATCH]])

    def _delivery(self, machine: MachineHours) -> Delivery:
        number = machine.numbers[self._fleet.known_by].removeprefix(self._fleet.prefix)
        hours = str(machine.hours) if isinstance(machine.hours, Decimal) else json.dumps(machine.hours)
        payload = f'{{"machine_id":{json.dumps(number)},"hours":{hours},"at":{json.dumps(machine.at)}}}'
        return Delivery(self._topic, payload.encode(), self._clock(), repeated=True)

    def _go_on(self, page: Page) -> None:
        now_ms = self._clock()
        next_ms = now_ms if page.next_href is not None else now_ms + self._fleet.every_ms
        with self._store.write() as connection:
            errands.done(connection, self._fleet.errand, self._holder, now_ms, next_ms, page.next_href)
        told = {"machines": len(page.machines), "without_hours": page.silent, "last": page.next_href is None}
        log.info("fleet_page_read", fleet=self._fleet.name, **told)

    def _postpone(self, errand: Row[Any], fault: FleetFault) -> None:
        """Try again later, and say it: at the 1st, 2nd, 4th, 8th failure in a row, and so on."""
        now_ms, failures = self._clock(), errand.failures + 1
        pause_ms = self._pause_ms(failures, fault)
        with self._store.write() as connection:
            errands.failed(connection, self._fleet.errand, self._holder, now_ms, now_ms + pause_ms, str(fault))
            if fault.is_gone:
                errands.begin_again(connection, self._fleet.errand, self._holder)
        if failures & (failures - 1) == 0:
            say = log.warning if fault.advice is None else log.error
            advice = fault.advice or "it is tried again; until then these machines are known as they were"
            say("fleet_away", fleet=self._fleet.name, error=str(fault), advice=advice, again_in_s=pause_ms // 1000)

    def _pause_ms(self, failures: int, fault: FleetFault) -> int:
        """Twice as long after every failure, up to the ordinary time between two rounds, or as the server asks."""
        if fault.wait_s is not None:
            return round(fault.wait_s * 1000)
        if fault.is_gone:
            return self._fleet.every_ms
        pause_ms = min(_FIRST_PAUSE_MS << min(failures - 1, 16), self._fleet.every_ms)
        return round(pause_ms * random.uniform(0.5, 1.0))  # noqa: S311 - spreads replicas, guards nothing


def standing(connection: Connection, keeper: Keeper) -> list[dict[str, Any]]:
    """How every fleet stands that was ever asked: `fleet`, `read_at`, `next_at`, and `error` while it fails."""
    return [
        {
            "fleet": row.name.removeprefix(ERRANDS),
            "read_at": instant(row.done_ms, keeper.zone),
            "next_at": instant(row.next_ms, keeper.zone),
            "error": row.error if row.failures else None,
        }
        for row in errands.those(connection, ERRANDS)
    ]


def run_pollers(pollers: Sequence[Poller], stop: threading.Event) -> None:
    """Ask every fleet in turn until `stop` is set, whatever goes wrong."""
    faults = 0
    while not stop.is_set():
        more = False
        for poller in pollers:
            try:
                more = poller.turn() or more
                faults = 0
            except (StoreAwayError, *STORE_FAULTS) as fault:
                faults += 1
                log.warning("fleets_postponed", error=str(fault).splitlines()[:1])
            except Exception:
                faults += 1
                log.exception("fleets_failed")
        stop.wait(0 if more and not faults else min(_IDLE_S * 2 ** min(faults, 16), _LONGEST_IDLE_S))
    for poller in pollers:
        _end(poller)


def _end(poller: Poller) -> None:
    try:
        poller.end()
    except STORE_FAULTS as fault:
        log.warning("fleets_postponed", error=str(fault).splitlines()[0])
