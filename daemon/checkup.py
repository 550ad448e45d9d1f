"""Tries every part that the configuration names, and says what is wrong and what to do (design 5, `doctor`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from adapters.aemp.server import FleetFault
from adapters.files.plan import read_plan, read_winter
from adapters.files.visit_items import read_visit_items
from adapters.influx.server import InfluxFaultError
from adapters.mqtt.probe import DROPPED_TOPIC, VERSION_TOPIC, Probe, probe
from adapters.mqtt.source import filters_of
from adapters.store import replicas, soundness
from daemon.checked import Found, Weight
from daemon.checkup_of_work import work
from daemon.clock import clock_ms
from daemon.config import Config
from daemon.failures import store_failure
from daemon.replicas import AWAY_AFTER_MS
from daemon.showing import instant
from daemon.wiring import (
    StoreUnusableError,
    fleet_server_of,
    influx_of,
    mail_server_of,
    mqtt_settings_of,
    renderer_of,
    sources_of,
    store_of,
)
from notifications.channels.channel import DeliveryFailed
from notifications.channels.email import EmailChannel
from notifications.template_problem import TemplateProblem
from schedules.plan import PlanError

_LEAST_FREE = 512 << 20
_MIB = 1 << 20
_QUEUE_ADVICE = (
    "by default mosquitto keeps 1000 readings for us while we are away (max_queued_messages) and drops what comes"
    " after, although it has acknowledged it to the machines; set `max_queued_messages 0` and `persistence true`"
)


def check_up(config: Config) -> Iterator[Found]:
    """All parts, one after the other; a part that fails does not keep the others from being tried."""
    parts: Mapping[str, Callable[[Config], Iterator[Found]]] = {
        "plan": plan,
        "store": store,
        "broker": broker,
        "fleets": fleets,
        "influx": influx,
        "mail": mail,
        "templates": templates,
    }
    for name, check in parts.items():
        try:
            yield from check(config)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one part, the others are looked at
            yield Found(Weight.FAULT, name, f"cannot be checked: {type(error).__name__}: {error}")


def plan(config: Config) -> Iterator[Found]:
    """The plan, the winter windows and the time zone."""
    try:
        known, winter = read_plan(config.plan.file), read_winter(config.plan.winter_file)
    except PlanError as error:
        yield from (Found(Weight.FAULT, "plan", problem) for problem in error.problems)
        return
    steps = ", ".join(step.step for step in known.mandatory)
    yield Found(Weight.OK, "plan", f"version {known.version}: visits {steps}; {len(winter.windows)} winter regions")
    yield _time_zone(known.zone)


def _time_zone(zone: ZoneInfo) -> Found:
    now_ms = clock_ms() // 1000 * 1000
    return Found(Weight.OK, "time zone", f"{zone.key}: it is {instant(now_ms, zone)} there, if this clock is right")


def store(config: Config) -> Iterator[Found]:
    """The database: there, writable, of this version, sound, with room to grow."""
    file = sqlite_file(config)
    if file is not None:
        yield from _disk(file)
        if not file.exists():
            yield Found(Weight.NOTE, "store", f"{file} does not exist yet; `hourkeeper run` makes it")
            return
    yield from _database(config)


def sqlite_file(config: Config) -> Path | None:
    """The file of an SQLite store; None for another store, or one in memory."""
    url = make_url(config.store.url)
    is_file = url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:"
    return Path(url.database) if is_file and url.database else None


def _disk(file: Path) -> Iterator[Found]:
    there = next(folder for folder in file.absolute().parents if folder.exists())
    if not os.access(file if file.exists() else there, os.W_OK) or not os.access(there, os.W_OK):
        yield Found(Weight.FAULT, "store", f"{there} is not writable for this user; change its owner, or store.url")
    free = shutil.disk_usage(there).free
    words = f"{free // _MIB} MiB free at {there}"
    if free < _LEAST_FREE:
        yield Found(Weight.FAULT, "disk", f"only {words}; make room: when the disk is full no reading is taken")
    else:
        yield Found(Weight.OK, "disk", words)


def _database(config: Config) -> Iterator[Found]:
    try:
        problems = _problems(config)
    except SQLAlchemyError as error:
        problems = [store_failure(error)]
    except StoreUnusableError as error:
        problems = [str(error)]
    yield from (Found(Weight.FAULT, "store", problem) for problem in problems)
    if not problems:
        yield Found(Weight.OK, "store", "reachable, of this version, sound")
        yield from _replicas(config)
        yield from work(config)


def _replicas(config: Config) -> Iterator[Found]:
    """The daemons that share the store, if there are several."""
    database, now_ms = store_of(config), clock_ms()
    try:
        with database.read() as connection:
            seen = {row.slot: now_ms - row.seen_ms for row in replicas.standing(connection)}
    finally:
        database.close()
    for slot, ago_ms in seen.items():
        if ago_ms > AWAY_AFTER_MS:
            text = f"the replica of slot {slot} was last here {ago_ms // 60_000} minutes ago: start it again"
            yield Found(Weight.FAULT, "replicas", text)
        else:
            yield Found(Weight.OK, "replicas", f"slot {slot} is filled")


def _problems(config: Config) -> list[str]:
    database = store_of(config)
    try:
        return soundness.problems(database)
    finally:
        database.close()


def broker(config: Config) -> Iterator[Found]:
    """The broker: reached with our credentials, keeps a session for us, lets us read every source."""
    settings = mqtt_settings_of(config)
    where = f"{settings.host}:{settings.port}"
    found = probe(settings, filters_of(sources_of(config)))
    if found.problem is not None:
        yield Found(Weight.FAULT, "broker", f"{where}: {found.problem}")
        return
    for topic in found.refused:
        yield Found(Weight.FAULT, "broker", f"{where} does not let us read {topic}; allow it in the broker's ACL")
    for limit in found.limits:
        yield Found(Weight.FAULT, "broker", f"{where}: {limit}")
    if not found.refused and not found.limits:
        yield Found(Weight.OK, "broker", f"{where}: {_about(found)}; we may log in, keep a session and read")
    yield from _queue(found)


def _about(found: Probe) -> str:
    version = found.about.get(VERSION_TOPIC, "reached")
    return version if found.status is None else f"{version}, our daemon says {found.status!r} there"


def _queue(found: Probe) -> Iterator[Found]:
    if "mosquitto" not in found.about.get(VERSION_TOPIC, "mosquitto"):
        return
    dropped = found.about.get(DROPPED_TOPIC, "0")
    if dropped.isdigit() and int(dropped) > 0:
        yield Found(Weight.NOTE, "broker", f"it has dropped {dropped} messages since its start; {_QUEUE_ADVICE}")
    else:
        yield Found(Weight.NOTE, "broker", f"make sure of its queue: {_QUEUE_ADVICE}")


def fleets(config: Config) -> Iterator[Found]:
    """The makers' servers: reached, our login taken, the first page read; nothing is stored."""
    for fleet in config.aemp.fleets:
        try:
            page = fleet_server_of(fleet).page()
        except FleetFault as fault:
            advice = fault.advice or "check url of this fleet, and whether its server runs"
            yield Found(Weight.FAULT, "fleets", f"{fleet.name}: {fault}; {advice}")
            continue
        known = sum(bool(each.numbers[fleet.machine_id]) for each in page.machines)
        words = f"{fleet.name}: its first page tells the hours of {len(page.machines)} machines"
        if known < len(page.machines):
            text = f"{words}, but {len(page.machines) - known} of them have no {fleet.machine_id}: see its machine_id"
            yield Found(Weight.FAULT, "fleets", text)
        else:
            yield Found(Weight.OK, "fleets", f"{words}{', and there are more pages' if page.next_href else ''}")


def influx(config: Config) -> Iterator[Found]:
    """The server of the copy: reached, our token taken for writing; an empty request is sent, and no point."""
    server = influx_of(config)
    if server is None:
        yield Found(Weight.NOTE, "influx", "off: set influx.url to keep a copy of the readings in InfluxDB")
        return
    where = f"{config.influx.url} bucket {config.influx.bucket}"
    try:
        server.try_out()
    except InfluxFaultError as fault:
        advice = fault.advice or "check influx.url, and whether the server runs; readings wait in the store meanwhile"
        yield Found(Weight.FAULT, "influx", f"{where}: {fault}; {advice}")
    else:
        yield Found(Weight.OK, "influx", f"{where}: takes our points")
    finally:
        server.close()


def mail(config: Config) -> Iterator[Found]:
    """The mail server: reached, and our login taken; nothing is sent."""
    server = mail_server_of(config.notifications.email)
    if server is None:
        yield Found(Weight.NOTE, "mail", "off: notices only go to the log; set notifications.email.host to send them")
        return
    try:
        EmailChannel(server).try_out()
    except DeliveryFailed as failure:
        yield Found(Weight.FAULT, "mail", f"{failure.reason}; check notifications.email")
    else:
        yield Found(Weight.OK, "mail", f"{server.host}:{server.port} takes our letters from {server.sender}")


def templates(config: Config) -> Iterator[Found]:
    """Every letter in every language, written once with made-up facts."""
    try:
        items = read_visit_items(config.plan.items_file)
    except PlanError as error:
        yield from (Found(Weight.FAULT, "items", problem) for problem in error.problems)
        return
    try:
        renderer_of(config, lambda _: items).check_overrides()
    except TemplateProblem as problem:
        yield Found(Weight.FAULT, "templates", f"{problem}; mend it, or restore the shipped one")
    else:
        yield Found(Weight.OK, "templates", "all letters can be written")
