"""How long a reading over a threshold takes to become a letter in the mail server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from sqlalchemy import insert

from adapters.store.tables import service_centres
from daemon import life
from daemon.keeper import Keeper
from schedules.machine import Category, Warranty
from tests.bench.bench import Bench
from tests.bench.publisher import publish
from tests.bench.sessions import LARGE_WINDOW, broker_settings
from tests.support.broker import broker_in
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.mail import Mailbox, mailbox
from tests.support.publisher import Message
from tests.support.waiting import until

_LETTERS = 5
_DAY_MS = 86_400_000
_HOURS_OF_THE_FIRST_VISIT = 100


def letter_times(bench: Bench) -> list[float]:
    """Seconds from publish to arrival, one after the other."""
    times = []
    with _running(bench) as (daemon, box, port):
        for number in range(_LETTERS):
            with daemon.keeper() as keeper:
                _hand_over(keeper, f"L{number}", bench.now_ms)
            times.append(_letter_time(box, port, number))
    return times


def _letter_time(box: Mailbox, port: int, number: int) -> float:
    already, began = len(box.letters), time.monotonic()
    payload = f'{{"hours": {_HOURS_OF_THE_FIRST_VISIT}}}'.encode()
    publish(port, [Message(b"machines/L%d/hours" % number, payload)])
    until(lambda: len(box.letters) > already, "a letter arrives")
    return time.monotonic() - began


@contextmanager
def _running(bench: Bench) -> Iterator[tuple[DaemonProcess, Mailbox, int]]:
    folder = bench.folder / "letters"
    with broker_in(folder / "broker", settings=broker_settings(LARGE_WINDOW)) as broker, mailbox() as box:
        settings = {
            "mqtt": {"host": "127.0.0.1", "port": broker.port},
            "notifications": {"locale": "en", "group_wait_s": 0.0, "email": box.settings},
        }
        with ended_in_the_end(DaemonProcess(folder, settings)) as daemon:
            with daemon.keeper() as keeper, keeper.store.write() as connection:
                centre = {"service_centre": "SC7", "name": "Centre 7", "email": "desk@centre.example"}
                connection.execute(insert(service_centres).values(**centre))
            daemon.start_ready()
            yield daemon, box, broker.port


def _hand_over(keeper: Keeper, machine_id: str, now_ms: int) -> None:
    """A machine whose first visit is not due by the calendar yet."""
    command = life.HandOver(
        machine_id,
        now_ms - 6 * _DAY_MS,
        Warranty.ONE_YEAR,
        Decimal(1),
        Category.LOADER,
        "LG855N",
        "37",
        service_centre="SC7",
    )
    with keeper.store.write() as connection:
        life.hand_over(connection, keeper, command, now_ms)
