"""The readings that machines of a fleet send: each ten minutes apart, a tenth of an hour more, in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from tests.support.publisher import Message

MACHINES = 2000
_HOUR_MS = 3_600_000
_STEP_MS = _HOUR_MS // 6
_RUN_MS = _HOUR_MS // 10
_ZONE = ZoneInfo("Asia/Shanghai")


def readings(file: Path, messages: int, now_ms: int, among: int | None = None) -> Iterator[Message]:
    """So many messages of the fleet in `file`, machine after machine; the last is of about now.

    `among`: of so many of the machines, in no order of their numbers, as they come from the field; else of all.
    """
    totals = _totals(file)
    if among is not None:
        totals = Random(4).sample(totals, min(among, len(totals)))
    began_ms = now_ms - (messages // len(totals) + 1) * _STEP_MS
    for number in range(messages):
        turn, which = divmod(number, len(totals))
        machine_id, total_ms = totals[which]
        at = datetime.fromtimestamp((began_ms + turn * _STEP_MS) // 1000, _ZONE).isoformat()
        hours = (total_ms + (turn + 1) * _RUN_MS) / _HOUR_MS
        payload = f'{{"hours": {hours:.1f}, "at": "{at}"}}'
        yield Message(b"machines/%b/hours" % machine_id, payload.encode())


def _totals(file: Path) -> list[tuple[bytes, int]]:
    raw = sqlite3.connect(file)
    rows = raw.execute("SELECT machine_id, total_ms FROM meters ORDER BY machine_id").fetchall()
    raw.close()
    return [(machine_id.encode(), total_ms) for machine_id, total_ms in rows]
