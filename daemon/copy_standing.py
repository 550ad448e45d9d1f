"""How the copy to InfluxDB stands, and doing it again from the beginning."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from adapters.store import copying, errands
from adapters.store.engine import Store
from daemon.copying import ERRAND, LATE_MS
from daemon.keeper import Keeper
from daemon.showing import instant
from daemon.sweep import PAUSE_S

_BATCH = 5000
TROUBLE = frozenset({"late", "failing", "parked"})
"""States of the copy in which somebody has to look."""


def standing(connection: Connection, keeper: Keeper, now_ms: int, most_parked: int) -> dict[str, Any]:
    """How it stands, as the outside sees it: `state` is off, failing, late, parked, behind or complete."""
    errand, oldest_ms = errands.standing(connection, ERRAND), copying.oldest_ms(connection)
    waiting, parked = copying.count_waiting(connection), copying.count_parked(connection)
    failures = 0 if errand is None else errand.failures
    return {
        "state": _state(connection, waiting, parked, failures, oldest_ms, now_ms),
        "waiting": waiting,
        "oldest_arrived_at": instant(oldest_ms, keeper.zone),
        "parked": parked,
        "last_sent_at": None if errand is None else instant(errand.done_ms, keeper.zone),
        "failures": failures,
        "failed_at": None if errand is None else instant(errand.failed_ms, keeper.zone),
        "error": None if errand is None else errand.error,
        "next_try_at": instant(errand.next_ms, keeper.zone) if errand is not None and failures else None,
        "parked_points": [
            {"machine_id": row.machine_id, "at": instant(row.time_ms, keeper.zone), "reason": row.reason}
            for row in copying.parked(connection, most_parked)
        ],
    }


def _state(connection: Connection, waiting: int, parked: int, failures: int, oldest_ms: int | None, now_ms: int) -> str:
    if not copying.is_on(connection):
        return "off"
    if failures:
        return "failing"
    if oldest_ms is not None and now_ms - oldest_ms > LATE_MS:
        return "late"
    if parked:
        return "parked"
    return "behind" if waiting else "complete"


def note_everything(store: Store, progress: Callable[[int, int], None]) -> int:
    """Have every believed reading copied again, a transaction for every few thousand; how many they are."""
    above, noted = 0, 0
    with store.write() as connection:
        copying.switch_on(connection)
        copying.unpark(connection)
    with store.read() as connection:
        there_are = copying.count_believed(connection)
    while True:
        with store.write() as connection:
            ids = copying.note_all(connection, above, _BATCH)
        if not ids:
            return noted
        above, noted = ids[-1], noted + len(ids)
        progress(noted, there_are)
        time.sleep(PAUSE_S)


def try_parked_again(store: Store) -> int:
    """Points that the server did not want; how many they are."""
    with store.write() as connection:
        return copying.unpark(connection)
