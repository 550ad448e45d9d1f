"""`demo`: a made-up fleet's past year, what is overdue now, and the daemon at work on it."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from adapters.store.listing import OrderFilter
from daemon import demo as demonstration
from daemon import demo_summary, listing
from daemon.clock import clock_ms
from daemon.commands.output import Columns, show, use_utf_8
from daemon.commands.progress import progress
from daemon.commands.run import parts_of
from daemon.config import Config
from daemon.demo_live import LiveError, in_background, live, publish_all
from daemon.embedded_broker import HOST, NoBrokerError, Ports, embedded_broker
from daemon.failures import REFUSED, UNUSABLE
from daemon.fleet.live import out_of_reach
from daemon.fleet.past_year import Fleet, made_up
from daemon.keeper import Keeper
from daemon.logs import set_up
from daemon.showing import hours
from daemon.signals import stop_on_signals
from daemon.web.members import first_link
from daemon.wiring import open_keeper
from schedules.dates import moment

_INTERRUPTED = 130
_LOOK_EVERY_S = 0.3
_COLUMNS = Columns(
    listing.ORDER_FIELDS,
    (
        "id",
        "machine_id",
        "kind",
        "step",
        "cause",
        "due_on",
        "late_days",
        "total_hours",
        "service_centre",
        "yard",
    ),
)


@click.command()
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="End this long after `ready`; 0 ends after the lists. Default: stay until Ctrl-C.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Another number makes up another fleet.")
def demo(seconds: float | None, seed: int) -> int:
    """Show what hourkeeper does, on a made-up fleet that needs no setting up.

    Plays the past year of some forty wheel loaders and road rollers, prints what is overdue, then goes on live
    with an embedded broker and prints every work order that changes. Everything is in a temporary folder, which
    is removed in the end; nobody is sent anything.

    Example: hourkeeper demo
    """
    use_utf_8()
    stop = threading.Event()
    stop_on_signals(stop)
    with tempfile.TemporaryDirectory(prefix="hourkeeper-demo-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        try:
            ports = None if seconds == 0 else stack.enter_context(embedded_broker(folder))
            return _demo(folder, ports, seconds, seed, stop)
        except (NoBrokerError, LiveError) as problem:
            click.echo(f"Error: {problem}", err=True)
            return UNUSABLE if isinstance(problem, NoBrokerError) else REFUSED


def _demo(folder: Path, ports: Ports | None, seconds: float | None, seed: int, stop: threading.Event) -> int:
    config, now_ms = demonstration.configuration(folder, ports), clock_ms()
    set_up(config.log)
    fleet = _played(config, seed, now_ms, stop)
    if fleet is None:
        return _INTERRUPTED
    if ports is not None:
        _go_live(config, fleet, ports, seconds, stop)
    return 0


def _played(config: Config, seed: int, now_ms: int, stop: threading.Event) -> Fleet | None:
    """The fleet whose year was played and shown; None if it was interrupted."""
    keeper = demonstration.open_scratch(config, now_ms)
    try:
        fleet, past = made_up(seed, now_ms, keeper.rulebook), demonstration.past_of(keeper, config)
        click.echo(f"a made-up fleet: {len(fleet.lines)} messages and papers of the past year", err=True)
        with progress("playing them") as shown:
            if not demonstration.play(past, fleet, now_ms, stop, shown):
                return None
        _show(keeper, [refused.reason for refused in past.refused], now_ms)
    finally:
        keeper.store.close()
    return fleet


def _show(keeper: Keeper, refused_commands: list[str], now_ms: int) -> None:
    with keeper.store.read() as connection:
        click.echo(f"Overdue today, worst first ({demo_summary.machine_count(connection)} machines):\n")
        show(listing.overdue(connection, keeper, OrderFilter(), now_ms), _COLUMNS, "table")
        counts = ", ".join(f"{count} {verdict}" for verdict, count in demo_summary.counts(connection).items())
        click.echo(f"\nReadings: {counts}")
        click.echo("Refused, the last of each sort:")
        for row in demo_summary.refusals(connection):
            click.echo(f"  no. {row.id}, {row.machine_id or 'no machine'}: {row.verdict}, {row.reason}")
        for reason in sorted(set(refused_commands)):
            click.echo(f"  {refused_commands.count(reason)} forms at first: {reason}")
        click.echo(f"Letters: {demo_summary.letter_count(connection)} made, as lines of the log; nobody got mail")
    click.echo(f"Store: {keeper.store.url.database}")


def _go_live(config: Config, fleet: Fleet, ports: Ports, seconds: float | None, stop: threading.Event) -> None:
    keeper = open_keeper(config, clock_ms())
    with live(parts_of(config, keeper), stop) as publisher:
        if stop.is_set():
            return
        _say_where_the_page_is(config, keeper, stop)
        _say_what_to_try(fleet, ports)
        with keeper.store.read() as connection:
            changes = demo_summary.Changes(connection)
        with in_background(partial(publish_all, publisher, fleet.workers, fleet.year, stop), stop):
            click.echo("ready")
            _watch(keeper, changes, seconds, stop)


def _say_where_the_page_is(config: Config, keeper: Keeper, stop: threading.Event) -> None:
    """As soon as it answers."""
    while not stop.is_set() and not _listens(config.web.host, config.web.port):
        stop.wait(_LOOK_EVERY_S)
    click.echo("The page; this link holds once, any name and password will do:")
    with keeper.store.write() as connection:
        click.echo(f"  {first_link(connection, config.web.address, clock_ms())}")


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port)).close()
    except OSError:
        return False
    return True


def _say_what_to_try(fleet: Fleet, ports: Ports) -> None:
    worker = out_of_reach(fleet.workers)
    click.echo(f"Broker: {HOST}, port {ports.v4} (MQTT 3.1.1) and {ports.v5} (MQTT 5). To try it, in another terminal:")
    topic, text = f"machines/{worker.sold.machine_id}/hours", '{"hours": 600.5}'
    click.echo(f"  mosquitto_pub -h {HOST} -p {ports.v4} -q 1 -t {topic} -m '{text}'")
    click.echo("Machines publish from now on; every work order that changes is a line. Ctrl-C ends.")


def _watch(keeper: Keeper, changes: demo_summary.Changes, seconds: float | None, stop: threading.Event) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    while not stop.is_set() and (end is None or time.monotonic() < end):
        stop.wait(_LOOK_EVERY_S if end is None else min(_LOOK_EVERY_S, max(0.0, end - time.monotonic())))
        for line in _changed(keeper, changes):
            click.echo(line)


def _changed(keeper: Keeper, changes: demo_summary.Changes) -> Iterator[str]:
    with keeper.store.read() as connection:
        for row in changes.new(connection):
            yield _line(keeper, row)


def _line(keeper: Keeper, row: Any) -> str:  # noqa: ANN401 - a row of `Changes.new`
    at = moment(row.recorded_ms).astimezone(keeper.zone)
    total = "" if row.total_ms is None else f", {hours(row.total_ms)} h"
    moved = f"{row.from_state or 'new'} -> {row.to_state or 'withdrawn'} ({row.why}{total})"
    who = row.service_centre or row.yard
    return f"{at:%Y-%m-%d %H:%M:%S}  {row.machine_id} {row.kind} {row.step}: {moved}, {who}"
