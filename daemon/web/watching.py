"""What programs ask that watch us: is it alive, is it ready, and the figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Connection, select

from adapters.store import figures, replicas, summary
from adapters.store.engine import STORE_FAULTS
from adapters.store.listing import OrderFilter
from daemon.web.entrance import asker
from daemon.web.problems import ProblemError
from daemon.web.rights import Role
from daemon.web.site import Site, site_of

router = APIRouter()
_MAY_LOOK = frozenset({Role.MANAGER, Role.AUDITOR})
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
_NO_STORE = "the store does not answer: check store.url and the database"
_NO_BROKER = "the broker is not connected: check mqtt.host, and its log"
log = structlog.get_logger("web")


@router.get("/healthz")
def healthz(request: Request) -> JSONResponse:
    """Whether every loop of the daemon moves, also while database or broker are away; 503 if one hangs."""
    pulse = site_of(request).pulse
    stalled = pulse.stalled()
    loops = {name: round(still_s, 1) for name, still_s in pulse.still_s().items()}
    if stalled:
        return JSONResponse({"status": "hangs", "stalled": stalled, "loops": loops, "advice": "restart it"}, 503)
    return JSONResponse({"status": "alive", "loops": loops})


@router.get("/readyz")
def readyz(request: Request) -> JSONResponse:
    """Whether readings are taken: the store answers and the broker is connected; 503 with what is missing."""
    site = site_of(request)
    missing = [why for ok, why in ((_answers(site), _NO_STORE), (site.pulse.is_connected(), _NO_BROKER)) if not ok]
    if missing:
        return JSONResponse({"status": "not ready", "missing": missing}, 503)
    return JSONResponse({"status": "ready"})


def _answers(site: Site) -> bool:
    try:
        with site.keeper.store.read() as connection:
            connection.execute(select(1))
    except STORE_FAULTS:
        return False
    return True


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """The figures, for programs on this machine, and for managers' and auditors' tokens."""
    _must_look(request)
    registry = CollectorRegistry()
    registry.register(_Figures(site_of(request)))
    ProcessCollector(registry=registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _must_look(request: Request) -> None:
    """A proxy on this machine passes on what others ask: that is not from here."""
    here = request.client is not None and _is_here(request.client.host)
    if here and not any(name in request.headers for name in _FORWARDED):
        return
    if asker(request).role not in _MAY_LOOK:
        raise ProblemError(403, "refused", "figures are for managers and auditors")


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class _Figures(Collector):
    """Counts anew whenever it is asked; no machine's number is a label."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        """All figures; those of the store are left out while it does not answer."""
        yield from self._of_loops()
        try:
            with self._site.keeper.store.read() as connection:
                found = list(self._of_store(connection))
        except STORE_FAULTS as fault:
            log.warning("figures_incomplete", error=str(fault).splitlines()[0])
            found = []
        yield GaugeMetricFamily("hourkeeper_store_up", "Whether the store answers.", value=bool(found))
        yield from found

    def _of_loops(self) -> Iterator[Metric]:
        pulse = self._site.pulse
        still = GaugeMetricFamily("hourkeeper_loop_still_seconds", "Since when a loop has not moved.", labels=["loop"])
        for name, still_s in pulse.still_s().items():
            still.add_metric([name], still_s)
        yield still
        connected = pulse.is_connected()
        yield GaugeMetricFamily("hourkeeper_broker_connected", "Whether the broker is connected.", value=connected)

    def _of_store(self, connection: Connection) -> Iterator[Metric]:
        stored = figures.readings_stored(connection)
        yield CounterMetricFamily("hourkeeper_readings_stored", "Readings stored, of whatever verdict.", value=stored)
        counted = CounterMetricFamily(
            "hourkeeper_deliveries_counted", "Deliveries that were counted and not stored.", labels=["verdict"]
        )
        for verdict, count in figures.tally(connection).items():
            counted.add_metric([verdict], count)
        yield counted
        yield from self._of_work(connection)
        yield from self._of_letters(connection)
        yield from _of_influx(connection)
        yield from _of_duties(connection)
        yield _of_replicas(connection)

    @staticmethod
    def _of_work(connection: Connection) -> Iterator[Metric]:
        orders = GaugeMetricFamily("hourkeeper_work_orders", "Work orders that are open.", labels=["kind", "state"])
        for row in summary.open_orders(connection, OrderFilter()):
            orders.add_metric([row.kind, row.state], row.orders)
        yield orders
        found = GaugeMetricFamily("hourkeeper_findings", "Findings that are open.", labels=["kind"])
        for row in summary.open_findings(connection, None):
            found.add_metric([row.kind], row.findings)
        yield found

    def _of_letters(self, connection: Connection) -> Iterator[Metric]:
        left = GaugeMetricFamily("hourkeeper_letters", "Letters that wait or are dead.", labels=["channel", "state"])
        oldest = GaugeMetricFamily(
            "hourkeeper_letter_oldest_waiting_seconds", "Age of the oldest letter that waits.", labels=["channel"]
        )
        for row in figures.letters_left(connection):
            left.add_metric([row.channel, row.state], row.letters)
            if row.state == "waiting":
                oldest.add_metric([row.channel], (self._site.clock() - row.created_ms) / 1000)
        yield from (left, oldest)


def _of_influx(connection: Connection) -> Iterator[Metric]:
    pending, parked = figures.points_left(connection)
    yield GaugeMetricFamily("hourkeeper_influx_pending", "Points that wait for InfluxDB.", value=pending)
    yield GaugeMetricFamily("hourkeeper_influx_parked", "Points that InfluxDB does not want.", value=parked)
    failing = GaugeMetricFamily("hourkeeper_errand_failing", "Whether its last try has failed.", labels=["errand"])
    for name in figures.failing(connection):
        failing.add_metric([name.partition(" ")[0]], 1)
    yield failing


def _of_duties(connection: Connection) -> Iterator[Metric]:
    done = GaugeMetricFamily(
        "hourkeeper_duty_last_done_timestamp_seconds", "When a duty was last done.", labels=["duty"]
    )
    for duty, finished_ms in figures.duties_done_ms(connection).items():
        done.add_metric([duty], finished_ms / 1000)
    yield done


def _of_replicas(connection: Connection) -> Metric:
    seen = GaugeMetricFamily(
        "hourkeeper_replica_seen_timestamp_seconds", "When a slot's replica last had its session.", labels=["slot"]
    )
    for row in replicas.standing(connection):
        seen.add_metric([row.slot], row.seen_ms / 1000)
    return seen
