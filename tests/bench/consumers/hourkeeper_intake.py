"""hourkeeper's own path from socket to committed row, as `daemon/run.py` puts it together.

`python -m tests.bench.consumers.hourkeeper_intake PORT CLIENT_ID PROTOCOL RECEIVE_MAXIMUM MESSAGES STORE`; receive
maximum 0: the default; the store is a URL. With a file after these, when each message was committed is written into
it (ns of the monotonic clock, one line a message).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import structlog
from sqlalchemy import func, select

from adapters.mqtt.client import Connection
from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.settings import MqttSettings
from adapters.mqtt.source import Source, SourceSpec
from adapters.store.tables import readings
from daemon.clock import clock_ms
from daemon.intake import Intake
from daemon.keeper import Keeper
from tests.bench.consumers.stopwatch import Stopwatch
from tests.bench.patterns import keeper_at
from tests.bench.sessions import V5
from tests.support.process_status import status_mb

_PATIENCE_S = 24.0


class Watched:
    """Intake that says stop after so many messages, and remembers when each batch was committed."""

    def __init__(self, take: Callable[[Sequence[Delivery]], None], messages: int, stop: Event) -> None:
        self._take = take
        self._left = messages
        self._stop = stop
        self.committed: list[tuple[int, int]] = []

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """As the intake's."""
        self._take(deliveries)
        self.committed.append((time.monotonic_ns(), len(deliveries)))
        self._left -= len(deliveries)
        if self._left <= 0:
            self._stop.set()


def settings_of(port: int, client_id: str, protocol: str, receive_maximum: int) -> MqttSettings:
    """The shipped settings, but for these."""
    shipped = MqttSettings("127.0.0.1", port, client_id, version_5=protocol == V5)
    return replace(shipped, receive_maximum=receive_maximum or shipped.receive_maximum)


def main(settings: MqttSettings, messages: int, url: str, times: str | None = None) -> None:
    """Drain the backlog."""
    _say_only_what_is_wrong()
    keeper, source, watch, stop = keeper_at(url), Source(SourceSpec()), Stopwatch(), Event()
    before = _rows(keeper)
    intake = Intake(keeper, Decoder([source], keeper.meter_rules, keeper.zone), clock_ms, _PATIENCE_S)
    watched = Watched(intake.take, messages, stop)
    connection = Connection(settings, source.filters, watched.take, lambda: True, clock_ms)
    thread = Thread(target=connection.run, args=(stop,))
    thread.start()
    connection.connected.wait()
    watch.begin()
    thread.join()
    # The kernel's own peak: getrusage would count what our parent had, too.
    watch.end(intake.stored, _rows(keeper) - before, status_mb("self", "VmHWM"))
    if times:
        lines = (f"{at}\n" * count for at, count in watched.committed)
        Path(times).write_text("".join(lines))


def _say_only_what_is_wrong() -> None:
    """Standard output is for the measures alone."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _rows(keeper: Keeper) -> int:
    with keeper.store.read() as connection:
        return connection.execute(select(func.count()).select_from(readings)).scalar_one()


if __name__ == "__main__":
    main(
        settings_of(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])),
        int(sys.argv[5]),
        sys.argv[6],
        sys.argv[7] if len(sys.argv) > 7 else None,
    )
