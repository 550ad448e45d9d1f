"""Keeps a retained message of every machine's next service on the broker, beside everything else the daemon does."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import structlog

from adapters.mqtt.publisher import BrokerAwayError, Publisher
from adapters.store import changed, machines
from adapters.store.changed import Marks
from adapters.store.engine import STORE_FAULTS
from adapters.store.forecast import projections
from adapters.store.machines import MachineRecord
from daemon.keeper import Keeper
from daemon.lifetimes import CORRECTION
from daemon.next_service_message import message
from notifications.home_assistant import discovery, discovery_topic
from notifications.words import words_in
from schedules.forecast import Projection
from schedules.machine import Status

MACHINE_ID = "{machine_id}"
_PAGE = 100
_REST = 4.0
"""It rests so many times as long as a page took: most of the time the machine is intake's."""
_LATE_COMMIT_S = 60.0
"""A row may be seen so much later than one with a higher number: several write to the store at once."""
_LONGEST_PAUSE_S = 60.0
_GONE = 0
log = structlog.get_logger("next_services")


@dataclass(frozen=True, slots=True)
class Board:
    """Where machines' next services are shown: `topic` has {machine_id}, `status_topic` says whether we are there.

    `every_s`: seconds between two looks; `discovery_prefix` is Home Assistant's, None without it.
    """

    topic: str
    status_topic: str
    every_s: float = 10.0
    discovery_prefix: str | None = None


def keep_told(
    keeper: Keeper, board: Board, connect: Callable[[], Publisher], clock: Callable[[], int], stop: threading.Event
) -> None:
    """Tell of every machine, then of each that changes, until `stop` is set; `connect` opens a connection.

    Store or broker may be away: it goes on when they are back, and nobody else waits for it.
    """
    faults = 0
    while not stop.is_set():
        try:
            with _opened(connect) as publisher:
                teller = _Teller(keeper, board, publisher, stop)
                while not stop.is_set():
                    teller.look(clock())
                    faults = 0
                    stop.wait(board.every_s)
        except (BrokerAwayError, *STORE_FAULTS) as fault:
            log.warning("next_services_wait", error=str(fault).splitlines()[0])
        except Exception:
            log.exception("next_services_failed")
        stop.wait(min(board.every_s * 2**faults, _LONGEST_PAUSE_S))
        faults += 1


@contextmanager
def _opened(connect: Callable[[], Publisher]) -> Iterator[Publisher]:
    publisher = connect()
    try:
        yield publisher
    finally:
        publisher.close()


@dataclass(frozen=True, slots=True)
class _Basis:
    """What everything is looked at again for: a new connection, another day, another rulebook."""

    connections: int
    today: date
    rulebook: int


class _Teller:
    """What was told over one connection, and up to where the store was looked at."""

    def __init__(self, keeper: Keeper, board: Board, publisher: Publisher, stop: threading.Event) -> None:
        self._keeper = keeper
        self._board = board
        self._publisher = publisher
        self._stop = stop
        self._words = words_in(keeper.telling.locale)
        self._told: dict[str, int] = {}
        self._basis: _Basis | None = None
        self._looked: deque[tuple[float, Marks]] = deque()

    def look(self, now_ms: int) -> None:
        """Tell of all machines if there is reason to, else of those that changed since the last look."""
        basis = _Basis(self._publisher.connections, self._keeper.today(now_ms), self._keeper.rulebook.serial)
        with self._keeper.store.read() as connection:
            marks = changed.marks(connection)
        if self._basis is None or basis.connections != self._basis.connections:
            self._told.clear()
        if basis != self._basis:
            self._tell_all(now_ms)
        else:
            self._tell_changed(now_ms)
        self._basis = basis
        self._looked.append((time.monotonic(), marks))
        self._say_what_was_refused()

    def _tell_all(self, now_ms: int) -> None:
        left, page = set(self._told), [""]
        while not self._stop.is_set():
            with self._keeper.store.read() as connection:
                page = changed.next_numbers(connection, page[-1], _PAGE)
            if not page:
                break
            left.difference_update(page)
            self._tell(page, now_ms)
        with self._keeper.store.read() as connection:
            left |= changed.former_numbers(connection, CORRECTION, 0)
        for number in left:
            self._take_down(number)

    def _tell_changed(self, now_ms: int) -> None:
        since = self._since()
        with self._keeper.store.read() as connection:
            numbers = changed.changed(connection, since)
            former = changed.former_numbers(connection, CORRECTION, since.machine_events)
        for number in former:
            self._take_down(number)
        for at in range(0, len(numbers), _PAGE):
            if not self._stop.is_set():
                self._tell(numbers[at : at + _PAGE], now_ms)

    def _since(self) -> Marks:
        """The last look that is old enough for nothing to have been on its way then; SQLite has one writer."""
        one_writer = self._keeper.store.engine.dialect.name == "sqlite"
        old_enough = time.monotonic() - (0 if one_writer else _LATE_COMMIT_S)
        while len(self._looked) > 1 and self._looked[1][0] <= old_enough:
            self._looked.popleft()
        return self._looked[0][1]

    def _tell(self, numbers: Sequence[str], now_ms: int) -> None:
        began, keeper = time.monotonic(), self._keeper
        with keeper.store.read() as connection:
            records = machines.look_at(connection, keeper.zone, numbers)
            projected = projections(connection, keeper.rulebook.plan.forecast, records, now_ms)
        for number in numbers:
            record = records.get(number)
            if record is not None and record.facts.status is not Status.RETIRED:
                self._put_up(record, projected[number], keeper.today(now_ms))
            elif record is not None or number in self._told:
                self._take_down(number)
        self._stop.wait((time.monotonic() - began) * _REST)

    def _put_up(self, record: MachineRecord, projection: Projection, today: date) -> None:
        number = record.facts.machine_id
        topics = self._topics(number)
        said = message(record, projection, today, self._keeper.rulebook, self._words)
        payloads = [said, *self._found_by(record, topics[0])]
        if self._told.get(number) == hash(tuple(payloads)):
            return
        # Home Assistant is told of a sensor before its first value.
        for topic, payload in reversed(list(zip(topics, payloads, strict=True))):
            if not self._publisher.publish(topic, payload, self._stop.is_set, retain=True):
                return
        self._told[number] = hash(tuple(payloads))

    def _found_by(self, record: MachineRecord, topic: str) -> list[str]:
        """What Home Assistant is told of a machine, if it is to be."""
        if self._board.discovery_prefix is None:
            return []
        facts = {
            "machine_id": record.facts.machine_id,
            "model": record.model,
            "category": record.category.value,
        }
        return [discovery(facts, topic, self._board.status_topic, self._words)]

    def _take_down(self, number: str) -> None:
        """Remove what the broker keeps of a machine: an empty message does it."""
        if self._told.get(number) == _GONE:
            return
        for topic in self._topics(number):
            self._publisher.publish(topic, "", self._stop.is_set, retain=True)
        self._told[number] = _GONE

    def _topics(self, number: str) -> list[str]:
        prefix = self._board.discovery_prefix
        found = [] if prefix is None else [discovery_topic(prefix, number)]
        return [self._board.topic.replace(MACHINE_ID, number), *found]

    def _say_what_was_refused(self) -> None:
        refused = self._publisher.take_refusal()
        if refused is not None:
            advice = f"give us write access to {self._board.topic} in the broker's ACL"
            log.error("next_services_refused", reason=refused, advice=advice)
