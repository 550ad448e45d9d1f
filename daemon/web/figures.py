"""Figures that take long to count are kept for a while, and say when they were counted."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

_QUICK_MS = 200
_TIMES = 60
_LONGEST_MS = 10 * 60_000
_MOST = 512
_STRIPES = 16


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, when (ms since 1970), and until when it is good enough."""

    value: Any
    counted_ms: int
    until_ms: int


@dataclass
class Figures:
    """A small fleet's figures are always fresh; those that take seconds are counted again a minute for each second
    later, ten at most. `timer` measures how long a count takes, in seconds.
    """

    timer: Callable[[], float] = time.monotonic
    _kept: OrderedDict[Hashable, Counted] = field(default_factory=OrderedDict)
    _counting: tuple[threading.Lock, ...] = field(
        default_factory=lambda: tuple(threading.Lock() for _ in range(_STRIPES))
    )

    def of(self, key: Hashable, count: Callable[[], Any], now_ms: int) -> Counted:
        """The figures of this key; while somebody counts them, others get what was counted before."""
        known = self._kept.get(key)
        if known is not None and known.counted_ms <= now_ms < known.until_ms:
            return known
        one_counts = self._counting[hash(key) % _STRIPES]
        if not one_counts.acquire(blocking=known is None) and known is not None:
            return known
        try:
            return self._counted(key, known, count, now_ms)
        finally:
            one_counts.release()

    def _counted(self, key: Hashable, before: Counted | None, count: Callable[[], Any], now_ms: int) -> Counted:
        known = self._kept.get(key)
        if known is not None and known is not before:
            return known  # counted while we waited
        began = self.timer()
        value = count()
        took_ms = int((self.timer() - began) * 1000)
        good_ms = 0 if took_ms < _QUICK_MS else min(_TIMES * took_ms, _LONGEST_MS)
        found = Counted(value, now_ms, now_ms + good_ms)
        self._keep(key, found)
        return found

    def _keep(self, key: Hashable, found: Counted) -> None:
        if found.until_ms == found.counted_ms:
            self._kept.pop(key, None)
            return
        self._kept[key] = found
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
