"""What all measures share: a folder, sizes, and fleets that are made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.bench.fleet import Fleet, make_fleet, make_patterns
from tests.bench.patterns import Patterns
from tests.bench.stream import MACHINES


@dataclass
class Bench:
    """Sizes in messages and machines; `now_ms` is when all fleets stand."""

    folder: Path
    now_ms: int
    messages: int
    rounds: int
    flood: int
    sizes: tuple[int, ...]
    notices: int
    turns: int
    _fleets: dict[int, Fleet] = field(default_factory=dict)

    @cached_property
    def patterns(self) -> Patterns:
        """The machines that fleets are copied from."""
        return make_patterns(self.folder, self.now_ms)

    @cached_property
    def small(self) -> Fleet:
        """The machines that report."""
        return make_fleet(self.patterns, self.folder / "small.db", MACHINES, changing=0, late=20)

    def fleet(self, size: int) -> Fleet:
        """A fleet of this many machines; it is made when it is first asked for."""
        if size not in self._fleets:
            self._fleets[size] = make_fleet(self.patterns, self.folder / f"fleet-{size}.db", size)
        return self._fleets[size]
