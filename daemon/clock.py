"""The wall clock; use cases get its time as an argument."""

from __future__ import annotations

import time


def clock_ms() -> int:
    """Now, in whole ms since 1970."""
    return time.time_ns() // 1_000_000
