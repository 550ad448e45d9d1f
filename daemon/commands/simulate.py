"""`simulate`: the readings of a made-up fleet, published to the configured broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import click

from adapters.files.plan import read_plan
from adapters.mqtt.publisher import BrokerAwayError, Publisher
from daemon.clock import clock_ms
from daemon.commands.given import UnusableError, config
from daemon.failures import REFUSED
from daemon.fleet.crowd import Member, crowd, write_register
from daemon.signals import stop_on_signals
from daemon.wiring import mqtt_settings_of
from schedules.dates import local_date
from schedules.plan import Plan

_IN_FLIGHT = 500
_SAY_EVERY_S = 5.0
_LAST_ACKNOWLEDGEMENTS_S = 10.0
_LOOK_EVERY_S = 0.2
_MADE_UP_FOR_S = 0.5


@click.command()
@click.option("--machines", type=click.IntRange(1, 5_000_000), required=True, metavar="N", help="How many machines.")
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), required=True, metavar="R", help="Readings a second, of all."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another number makes up other machines.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), metavar="SECONDS", help="End then. Default: Ctrl-C.")
@click.option(
    "--register",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the machines for `machines import`, and publish nothing.",
)
def simulate(machines: int, rate: float, seed: int, seconds: float | None, file: Path | None) -> int:
    r"""Publish the readings of a made-up fleet to the broker of the configuration.

    Each machine reports in turn what its dial shows now, at QoS 1 under machines/MACHINE/hours; at most 500
    messages wait for their acknowledgement. Register the machines first, or every reading is refused as one of
    an unknown machine.

    \b
    Example:
        hourkeeper simulate --machines 1000 --rate 50 --register fleet.csv
        hourkeeper machines import fleet.csv
        hourkeeper simulate --machines 1000 --rate 50
    """
    settings = config()
    plan = read_plan(settings.plan.file)
    today = local_date(clock_ms(), plan.zone)
    members = crowd(seed, machines, today, plan.zone)
    if file is not None:
        _register(file, members, seed, plan)
        return 0
    stop = threading.Event()
    stop_on_signals(stop)
    publisher = Publisher(mqtt_settings_of(settings), _IN_FLIGHT)
    try:
        publisher.open()
    except BrokerAwayError as away:
        raise UnusableError(f"{away}; check mqtt.host and mqtt.port, or ask `hourkeeper doctor`") from None
    try:
        return _run(publisher, members, rate, seconds, stop)
    finally:
        publisher.close()


def _register(file: Path, members: list[Member], seed: int, plan: Plan) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            write_register(members, seed, plan, local_date(clock_ms(), plan.zone), out)
    except OSError as error:
        raise UnusableError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file}: {len(members)} machines; `hourkeeper machines import {file}` registers them")


class _Simulation:
    """Publishes at a steady rate; a broker that is slower makes it slower."""

    def __init__(self, publisher: Publisher, members: list[Member], rate: float) -> None:
        self._publisher = publisher
        self._members, self._every_s = members, 1 / rate
        self._next_at = self._said_at = time.monotonic()
        self._said = 0

    def run(self, is_over: Callable[[], bool], wait: Callable[[float], object]) -> None:
        """Publish until it is over; what was missed for more than a moment is not made up for."""
        while not is_over():
            self._say()
            ahead_s = self._next_at - time.monotonic()
            if ahead_s > 0:
                wait(min(ahead_s, _LOOK_EVERY_S))
                continue
            member = self._members[self._publisher.sent % len(self._members)]
            self._publisher.publish(f"machines/{member.machine_id}/hours", member.report(clock_ms()), is_over)
            self._next_at = max(self._next_at + self._every_s, time.monotonic() - _MADE_UP_FOR_S)

    def _say(self) -> None:
        """How fast it goes, every few seconds, on stderr."""
        now, acknowledged = time.monotonic(), self._publisher.acknowledged
        if now - self._said_at >= _SAY_EVERY_S:
            rate = (acknowledged - self._said) / (now - self._said_at)
            click.echo(f"{self._publisher.sent} sent, {acknowledged} acknowledged, {rate:.0f} a second", err=True)
            self._said_at, self._said = now, acknowledged


def _run(publisher: Publisher, members: list[Member], rate: float, seconds: float | None, stop: threading.Event) -> int:
    end = float("inf") if seconds is None else time.monotonic() + seconds
    _Simulation(publisher, members, rate).run(lambda: stop.is_set() or time.monotonic() >= end, stop.wait)
    complete = publisher.drain(_LAST_ACKNOWLEDGEMENTS_S)
    click.echo(f"{publisher.sent} readings published, {publisher.acknowledged} acknowledged")
    return 0 if complete else REFUSED
