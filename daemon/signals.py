"""What the process is told by signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue


def on_signals(numbers: Iterable[signal.Signals], act: Callable[[], None]) -> None:
    """Do something, in a thread of its own, whenever one of these signals comes.

    A handler interrupts the main thread, perhaps inside `stop.wait()` with the lock that `stop.set()` needs: so it only
    leaves word.
    """
    asked: SimpleQueue[int] = SimpleQueue()

    def obey() -> None:
        while True:
            asked.get()
            act()

    threading.Thread(target=obey, name="signals", daemon=True).start()
    for number in numbers:
        signal.signal(number, lambda which, _frame: asked.put(which))


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT end the daemon in order."""
    on_signals((signal.SIGTERM, signal.SIGINT), stop.set)
