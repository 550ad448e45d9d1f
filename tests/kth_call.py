"""Lets the k-th call of the store fail, for every k until a run passes untouched, and compares with an undisturbed run.

`python -m tests.kth_call [--store postgresql] [--every 1]`: readings are taken, the calendar is done, letters are sent,
each by the product's own parts. The k-th statement or commit fails before it is carried out, or a commit's answer is
lost after it was, or (PostgreSQL) the connection is cut. Whoever failed tries again, as in the daemon; in the end store
and letters must be the same. Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import OperationalError

from adapters.files.rules import read_rules
from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import Source, SourceSpec
from adapters.store.engine import STORE_FAULTS, Store
from adapters.store.outbox import ClaimLostError
from adapters.store.rulebooks import adopt
from adapters.store.tables import letters, meters, readings
from daemon.calendar import do_what_is_due
from daemon.intake import Intake
from daemon.keeper import Keeper
from daemon.outbox import outbox_of
from notifications.letter import Letter, Rendered
from notifications.relay import deliver_one
from notifications.rendering import Renderer
from notifications.retry_policy import RetryPolicy
from schedules.duty import DUTIES
from tests.keeping import MINUTE, at
from tests.mixed_fleet import TELLING, done, lived, story, told
from tests.support.postgres import postgres

_NOW = "2025-11-15 09:00"
_TRIES = 5
_AT_ONCE = 4
_PATIENCE_S = 60.0
_LETTERS_OF_THE_SCRIPT = 200


class Fault(StrEnum):
    """What happens to the k-th call."""

    FAILS = "a statement or commit fails"
    ANSWER_LOST = "a commit's answer is lost"
    CUT = "the connection is cut"
    UNDONE = "a commit is undone in silence"
    """No fault that anybody could survive: what comes of it shows that differences are seen."""


class Faulty(Store):
    """A store whose `k`-th call fails; 0: none does. `calls` counts them."""

    def __init__(self, url: str, fault: Fault, k: int) -> None:
        super().__init__(url)
        self.calls = 0
        self._fault, self._k = fault, k
        if fault in {Fault.FAILS, Fault.CUT}:
            event.listen(self.engine, "before_cursor_execute", self._at_statement)
            event.listen(self.engine, "commit", self._at_call)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
            if self._fault is Fault.UNDONE:
                self._undo(connection)
        if self._fault is Fault.ANSWER_LOST:
            self._at_call()

    def _undo(self, connection: Connection) -> None:
        self.calls += 1
        transaction = connection.get_transaction()
        if self.calls == self._k and transaction is not None:
            transaction.rollback()

    def _at_statement(self, connection: Connection, *_: object) -> None:
        self._at_call(connection)

    def _at_call(self, connection: Connection | None = None) -> None:
        self.calls += 1
        if self.calls != self._k:
            return
        if self._fault is Fault.CUT and connection is not None:
            driver: Any = connection.connection.driver_connection
            driver.close()
            return
        message = "the fault of this run"
        raise OperationalError(message, None, sqlite3.OperationalError(message))


@dataclass
class Ended:
    """What is in the store when all is done, ids and times aside, and which letters went out how often."""

    readings: list[tuple[Any, ...]]
    meters: list[tuple[Any, ...]]
    story: dict[str, list[tuple[Any, ...]]]
    told: list[tuple[Any, ...]]
    duties: dict[str, list[str]]
    unsent: int
    recipients: Counter[tuple[str, str]]
    copies: int

    def differs_from(self, other: Ended) -> list[str]:
        """What is not the same."""
        names = ("readings", "meters", "story", "told", "duties", "unsent", "recipients")
        return [name for name in names if getattr(self, name) != getattr(other, name)]


@dataclass
class _Taken:
    """A channel that takes everything, and remembers it."""

    name: str = "email"
    letters: list[Letter] = field(default_factory=list)

    def deliver(self, letter: Letter, _rendered: Rendered, _now: datetime) -> str | None:
        self.letters.append(letter)
        return None


def run(url: str, fault: Fault = Fault.FAILS, k: int = 0) -> tuple[Ended, int]:
    """Do the script on a store; what came of it, and how many calls it took."""
    sound = Store(url)
    with sound.write() as connection:
        rulebook = adopt(connection, read_rules(), 0)
    store = Faulty(url, fault, k)
    keeper, channel = Keeper(store, rulebook, TELLING), _Taken()
    _take_readings(keeper)
    do_what_is_due(keeper, at(_NOW))
    do_what_is_due(keeper, at(_NOW))
    _send(keeper, channel)
    ended = _ended(Keeper(sound, rulebook, TELLING), channel)
    for each in (store, sound):
        each.close()
    return ended, store.calls


def _take_readings(keeper: Keeper) -> None:
    decoder = Decoder([Source(SourceSpec())], keeper.meter_rules, keeper.zone)
    intake = Intake(keeper, decoder, lambda: at(_NOW), _PATIENCE_S)
    deliveries = list(_deliveries())
    for begin in range(0, len(deliveries), _AT_ONCE):
        intake.take(deliveries[begin : begin + _AT_ONCE])


def _deliveries() -> Iterator[Delivery]:
    """Readings that open, make due and supersede visits; one comes twice, and one is no reading."""
    hours = {"HALF": (85, 99, 130, 560), "SILENT": (60, 95), "NEVER": (81, 81), "LATE": (160, 700), "UNKNOWN": (5,)}
    for machine, dials in hours.items():
        for day, dial in enumerate(dials, start=1):
            payload = f'{{"hours": {dial}, "at": "2025-11-{2 * day + 4:02}T08:00:00+08:00"}}'
            yield Delivery(f"machines/{machine}/hours", payload.encode(), at(_NOW))
    yield Delivery("machines/HALF/hours", b"no reading", at(_NOW))


def _send(keeper: Keeper, channel: _Taken) -> None:
    """Gather and deliver as the relay does; what failed is tried again when its lease is over."""
    policy, outbox, renderer = RetryPolicy(), outbox_of(keeper), Renderer(keeper.items_of)
    now_ms = at(_NOW)
    for _ in range(_TRIES):
        now_ms += policy.lease_ms + MINUTE
        _survived(lambda: outbox.gather(now_ms))  # noqa: B023 - called at once
        for _ in range(_LETTERS_OF_THE_SCRIPT):
            if not _survived(lambda: deliver_one(outbox, {"email": channel}, renderer, lambda: now_ms, policy)):  # noqa: B023
                break


def _survived(work: Callable[[], object]) -> object:
    try:
        return work()
    except (ClaimLostError, *STORE_FAULTS):
        return True


def _ended(keeper: Keeper, channel: _Taken) -> Ended:
    with keeper.store.read() as connection:
        columns = (readings.c.machine_id, readings.c.dial_ms, readings.c.device_ms, readings.c.verdict)
        stored = connection.execute(select(*columns)).all()
        totals = connection.execute(select(meters.c.machine_id, meters.c.total_ms)).all()
        waits = select(func.count()).select_from(letters).where(letters.c.state != "sent")
        unsent = connection.execute(waits).scalar_one()
    ids = {each.letter_id: each for each in channel.letters}
    return Ended(
        readings=sorted((tuple(row) for row in stored), key=repr),
        meters=sorted((tuple(row) for row in totals), key=repr),
        story=story(keeper),
        told=told(keeper),
        duties={duty.name: done(keeper, duty.name) for duty in DUTIES},
        unsent=unsent,
        recipients=Counter((each.occasion, each.addressee.recipient) for each in ids.values()),
        copies=len(channel.letters) - len(ids),
    )


@dataclass
class Swept:
    """What became of all runs with one sort of fault."""

    fault: Fault
    calls: int = 0
    runs: int = 0
    copies: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"{self.fault}: {self.calls} calls, {self.runs} runs; letters sent twice under one id: {self.copies}"
        return "\n  ".join([f"{head}; runs that end otherwise: {len(self.wrong)}", *self.wrong[:10]])


def sweep(fault: Fault, every: int, again: Callable[[], str], first: int = 1) -> Swept:
    """Let each `every`-th call fail in a run of its own on a store that `again` makes, until one passes untouched."""
    undisturbed, calls = run(again(), fault)
    found, k = Swept(fault, calls), first
    while True:
        ended, made = run(again(), fault, k)
        if made < k:
            return found
        found.runs += 1
        found.copies += ended.copies
        differs = ended.differs_from(undisturbed)
        found.wrong += [f"call {k}: {', '.join(differs)}"] if differs else []
        k += every


@contextmanager
def stores(folder: Path, kind: str) -> Iterator[Callable[[], str]]:
    """Makes copies of one lived-in store."""
    if kind == "postgresql":
        with postgres() as server:
            model = server.new_database()
            lived(model).keeper.store.close()
            yield lambda: server.copy_of(model)
        return
    lived(folder / "model.db").keeper.store.close()

    def copied() -> str:
        shutil.copy(folder / "model.db", folder / "copy.db")
        return f"sqlite:///{folder / 'copy.db'}"

    yield copied


def faults(kind: str) -> tuple[Fault, ...]:
    """SQLite has no connection to be cut."""
    return (Fault.FAILS, Fault.ANSWER_LOST, *([Fault.CUT] if kind == "postgresql" else []))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kth_call", description=__doc__)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, stores(Path(folder), given.store) as again:
        for fault in faults(given.store):
            found = sweep(fault, given.every, again)
            print(found, flush=True)
            wrong += len(found.wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
