"""Whether the daemon's loops move: what outsiders are told of its health, also while database and broker are away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Heartbeat:
    """When a loop last moved, in seconds of the monotonic clock; waiting after a fault is moving, too."""

    at: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """It moves."""
        self.at = time.monotonic()


@dataclass(slots=True)
class _Loop:
    moves: Callable[[], object]
    within_s: float
    last: object
    since: float


class Pulse:
    """Looks at each loop whenever somebody asks; `is_connected` says whether the broker is."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._monotonic = monotonic
        self._loops: dict[str, _Loop] = {}
        self._lock = threading.Lock()
        self.is_connected: Callable[[], bool] = lambda: False

    def watch(self, name: str, moves: Callable[[], object], within_s: float) -> None:
        """Mind a loop: `moves` gives something else whenever it has moved; it may stand still for `within_s`."""
        self._loops[name] = _Loop(moves, within_s, moves(), self._monotonic())

    def still_s(self) -> dict[str, float]:
        """For how long each loop has stood still, as far as anybody has looked."""
        with self._lock:
            now = self._monotonic()
            for loop in self._loops.values():
                moved = loop.moves()
                if moved != loop.last:
                    loop.last, loop.since = moved, now
            return {name: now - loop.since for name, loop in self._loops.items()}

    def stalled(self) -> list[str]:
        """The loops that have stood still for too long."""
        return [name for name, still_s in self.still_s().items() if still_s > self._loops[name].within_s]
