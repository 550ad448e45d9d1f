"""`python -m tests.bench.letters_out FILE PORT`: the relay hands all that waits to a mail server; prints what it took.

The relay, the outbox, the templates and the channel are the product's; they are timed from outside.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import func, select

from adapters.store.tables import letters, notices
from daemon.keeper import Keeper
from daemon.relay_loop import run_relay
from notifications.channels.email import EmailChannel, MailServer, Security
from notifications.letter import Letter, Rendered
from notifications.rendering import Renderer
from tests.keeping import open_keeper
from tests.support.process_status import status_mb

_LOOK_S = 0.1


@dataclass(slots=True)
class LettersTook:
    """Letters, seconds from the first to the last of them, of which seconds spent in words and with the mail server;
    resident memory when a tenth was out, and at the peak.
    """

    letters: int
    wall_s: float
    cpu_s: float
    rendering_s: float
    sending_s: float
    early_mb: float
    peak_mb: float


class _Stopwatch:
    """Adds up how long something took."""

    def __init__(self) -> None:
        self.took_s = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.took_s += time.monotonic() - began


class _TimedRenderer(Renderer):
    def __init__(self, keeper: Keeper, watch: _Stopwatch) -> None:
        super().__init__(keeper.items_of, page="https://hours.example")
        self._watch = watch

    def render(self, letter: Letter) -> Rendered:
        with self._watch.running():
            return super().render(letter)


class _TimedChannel:
    name = "email"

    def __init__(self, channel: EmailChannel, watch: _Stopwatch) -> None:
        self._channel, self._watch = channel, watch

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
        with self._watch.running():
            self._channel.deliver(letter, rendered, now)


def send_all(file: Path, port: int, now_ms: int) -> LettersTook:
    """Run the relay until nothing waits."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    keeper, words, wire = open_keeper(file), _Stopwatch(), _Stopwatch()
    channel = _TimedChannel(EmailChannel(MailServer("127.0.0.1", port, "keeper@maker.example", Security.NONE)), wire)
    stop = threading.Event()
    given = (keeper, {"email": channel}, _TimedRenderer(keeper, words), lambda: now_ms, stop)
    relay = threading.Thread(target=run_relay, args=given)
    there_are = _count(keeper, notices.c.dropped.is_(None))
    began, cpu = time.monotonic(), time.process_time()
    relay.start()
    _wait(lambda: _sent(keeper) * 10 >= there_are)
    early_mb = status_mb("self", "VmRSS")
    _wait(lambda: _sent(keeper) >= there_are)
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    stop.set()
    relay.join()
    sent = _sent(keeper)
    keeper.store.close()
    peak_mb = status_mb("self", "VmHWM")
    return LettersTook(sent, wall_s, cpu_s, words.took_s, wire.took_s, early_mb, peak_mb)


def _wait(reached: Callable[[], bool]) -> None:
    while not reached():
        time.sleep(_LOOK_S)


def _sent(keeper: Keeper) -> int:
    return _count(keeper, letters.c.state == "sent")


def _count(keeper: Keeper, which: object) -> int:
    with keeper.store.read() as connection:
        return connection.execute(select(func.count()).where(which)).scalar_one()  # type: ignore[arg-type]


def main() -> None:
    """The measured process."""
    file, port, now_ms = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(asdict(send_all(file, port, now_ms))))


if __name__ == "__main__":
    main()
