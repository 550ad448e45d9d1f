"""A SQLite store that somebody else holds."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def store_locked(store: Path, at_least_s: float = 0) -> Iterator[None]:
    """Another process, say a backup, holds the store, and for so many seconds at least."""
    with closing(sqlite3.connect(store, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ends_at = time.monotonic() + at_least_s
        yield
        threading.Event().wait(max(0, ends_at - time.monotonic()))
        other.execute("ROLLBACK")
