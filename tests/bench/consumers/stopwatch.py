"""Measures a process from the inside: its monotonic clock and its own CPU time."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass

BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Drained:
    """A backlog received and acknowledged: s from the broker's greeting, CPU s of the process, rows stored,
    and the most memory that it held (MB).
    """

    messages: int
    seconds: float
    cpu_s: float
    rows: int | None = None
    peak_mb: float | None = None

    @property
    def per_second(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU time per message in us."""
        return self.cpu_s / self.messages * 1e6


class Stopwatch:
    """Begins when the broker has greeted us."""

    def begin(self) -> None:
        """From now; whoever reads our output learns that we listen."""
        print(BEGUN, flush=True)
        self._at, self._cpu = time.monotonic(), time.process_time()

    def end(self, messages: int, rows: int | None = None, peak_mb: float | None = None) -> None:
        """Until now; print it."""
        drained = Drained(messages, time.monotonic() - self._at, time.process_time() - self._cpu, rows, peak_mb)
        print(json.dumps(asdict(drained)), flush=True)
