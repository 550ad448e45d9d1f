"""The daemon: intake on the broker, the calendar's ticker and the relay of letters, started and stopped together."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import select

from adapters.mqtt.client import Connection
from adapters.mqtt.decode import Decoder
from adapters.mqtt.settings import MqttSettings
from adapters.mqtt.source import Source, filters_of
from adapters.mqtt.sparkplug import Births
from adapters.store.engine import STORE_FAULTS
from daemon.calendar import do_what_is_due
from daemon.copying import switch
from daemon.digests import write_digests_safely
from daemon.intake import Intake
from daemon.keeper import Keeper
from daemon.pulse import Heartbeat, Pulse
from daemon.relay_loop import run_relay
from daemon.replicas import Neighbours
from daemon.service_manager import ServiceManager
from notifications.channels.channel import Channel
from notifications.rendering import Renderer
from notifications.retry_policy import RetryPolicy

_TICK_S = 30
_STOP_WITHIN_S = 20.0
# Longer than the longest wait between two tries, and than one batch of a duty.
_STILL_S = 300.0
_BETWEEN_COLLECTIONS = 50_000
SHARE_OF_KEEPALIVE = 0.4
log = structlog.get_logger("daemon")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the daemon is made of; `sources` say what to subscribe to and how to read it."""

    keeper: Keeper
    mqtt: MqttSettings
    sources: tuple[Source, ...]
    max_payload_bytes: int
    channels: Mapping[str, Channel]
    renderer: Renderer
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    serve: Callable[[Keeper, Callable[[], int], threading.Event, Pulse], None] | None = None
    """Serves pages and API until it is told to stop; None without."""
    tell_next: Callable[[Keeper, Callable[[], int], threading.Event], None] | None = None
    """Keeps machines' next services on the broker until it is told to stop; None without."""
    copy: Callable[[Keeper, Callable[[], int], threading.Event], None] | None = None
    """Sends the copy of the readings to InfluxDB until it is told to stop; None without."""
    poll: Callable[[Keeper, Callable[[], int], threading.Event], None] | None = None
    """Asks makers' servers for the hours of their fleets until it is told to stop; None without."""
    slot: str | None = None
    """This replica's place in its group; None if it is the only one."""


def clock_ms() -> int:
    """The wall clock in ms since 1970."""
    return time.time_ns() // 1_000_000


def connection_of(parts: Parts, clock: Callable[[], int]) -> Connection:
    """The connection that brings deliveries to the intake."""
    births = Births()
    decoder = Decoder(parts.sources, parts.keeper.meter_rules, parts.keeper.zone, parts.max_payload_bytes, births)
    intake = Intake(parts.keeper, decoder, clock, parts.mqtt.keepalive_s * SHARE_OF_KEEPALIVE)
    filters = filters_of(parts.sources)
    connection = Connection(parts.mqtt, filters, intake.take, lambda: answers(parts.keeper), clock, births.forget)
    births.ask = connection.publish
    return connection


def run(
    parts: Parts,
    stop: threading.Event,
    manager: ServiceManager | None = None,
    clock: Callable[[], int] = clock_ms,
    connect: Callable[[Parts, Callable[[], int]], Connection] = connection_of,
) -> None:
    """Sweep, then receive, tick and deliver until `stop` is set; returns when everything has ended.

    `manager` is told once the parts run, whether the broker answers or not; `connect` makes the connection. Readings
    are taken from the first moment on; TemplateProblem ends everything before it is ready.
    """
    manager = manager or ServiceManager({})
    _collect_less_often()
    switch(parts.keeper.store, stop, on=parts.copy is not None)
    do_what_is_due(parts.keeper, clock(), stop)
    connection = connect(parts, clock)
    relayed, ticked = Heartbeat(), Heartbeat()
    pulse = _pulse(connection, relayed, ticked)
    relay = (parts.keeper, parts.channels, parts.renderer, clock, stop, parts.policy, relayed)
    threads = [
        threading.Thread(target=connection.run, args=(stop,), name="intake"),
        threading.Thread(target=run_relay, args=relay, name="relay"),
    ]
    if parts.serve is not None:
        threads.append(threading.Thread(target=parts.serve, args=(parts.keeper, clock, stop, pulse), name="web"))
    for name, work in (("next services", parts.tell_next), ("influx", parts.copy), ("fleets", parts.poll)):
        if work is not None:
            threads.append(threading.Thread(target=work, args=(parts.keeper, clock, stop), name=name))
    neighbours = Neighbours(parts.keeper, parts.slot, connection.connected.is_set)
    ticker = _ticker(lambda: _tick(parts.keeper, clock(), stop, ticked, neighbours))
    for thread in threads:
        thread.start()
    ticker.start()
    try:
        parts.renderer.check_overrides()
        log.info("ready")
        manager.say("READY=1")
        manager.keep_told(pulse, stop)
        stop.wait()
    finally:
        manager.say_goodbye()
        stop.set()
        ticker.shutdown(wait=False)
        _join(threads)
        parts.keeper.store.close()
        log.info("stopped")


def _pulse(connection: Connection, relayed: Heartbeat, ticked: Heartbeat) -> Pulse:
    pulse = Pulse()
    pulse.watch("intake", lambda: connection.turns, _STILL_S)
    pulse.watch("relay", lambda: relayed.at, _STILL_S)
    pulse.watch("ticker", lambda: ticked.at, _STILL_S)
    pulse.is_connected = connection.connected.is_set
    return pulse


def _join(threads: list[threading.Thread]) -> None:
    end = time.monotonic() + _STOP_WITHIN_S
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
        if thread.is_alive():
            log.error("stopped_without", part=thread.name)


def answers(keeper: Keeper) -> bool:
    """Whether the store can be written again."""
    try:
        with keeper.store.write() as connection:
            connection.execute(select(1))
    except STORE_FAULTS:
        return False
    return True


def _ticker(tick: Callable[[], None]) -> BackgroundScheduler:
    """APScheduler only wakes us; what is due is computed from the data (pitfalls 1.3)."""
    scheduler = BackgroundScheduler(daemon=True)
    options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler.add_job(tick, "interval", seconds=_TICK_S, **options)
    return scheduler


def _tick(keeper: Keeper, now_ms: int, stop: threading.Event, ticked: Heartbeat, neighbours: Neighbours) -> None:
    neighbours.look_round(now_ms)
    do_what_is_due(keeper, now_ms, stop, ticked.beat)
    write_digests_safely(keeper, now_ms)
    ticked.beat()


def _collect_less_often() -> None:
    """A batch makes thousands of objects that die together; looking for cycles among them in between is lost time."""
    gc.freeze()
    gc.set_threshold(_BETWEEN_COLLECTIONS, 20, 100)
