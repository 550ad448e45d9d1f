"""Replicas mind each other: what the broker keeps for the slot of one that stays away reaches nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection

from adapters.store import replicas as store
from adapters.store.engine import STORE_FAULTS
from daemon.keeper import Keeper
from daemon.showing import instant

Fields = dict[str, Any]
REPLICA_FIELDS = ("slot", "state", "seen_at", "note")
"""`state` is `here` or `away`."""
AWAY_AFTER_MS = 10 * 60_000
_ADVICE = (
    "start the replica of this slot again: what the broker keeps for it reaches nobody else; or, if it is not to come"
    " back, start it once more until its session is empty, and say `hourkeeper replicas give-up {slot}`"
)
log = structlog.get_logger("replicas")


def standing(connection: Connection, keeper: Keeper, now_ms: int) -> Iterator[Fields]:
    """Every slot: whether its replica is here, when it was seen last, and what to do about one that is away."""
    for row in store.standing(connection):
        away = _is_away(row.seen_ms, now_ms)
        yield {
            "slot": row.slot,
            "state": "away" if away else "here",
            "seen_at": instant(row.seen_ms, keeper.zone),
            "note": _ADVICE.format(slot=row.slot) if away else None,
        }


def _is_away(seen_ms: int, now_ms: int) -> bool:
    return now_ms - seen_ms > AWAY_AFTER_MS


@dataclass
class Neighbours:
    """What one replica does for the others: it shows itself while it has its session, and says when one is missing.

    `slot` None: it is the only one, and keeps no company.
    """

    keeper: Keeper
    slot: str | None
    is_connected: Callable[[], bool]
    _missed: set[str] = field(default_factory=set)

    def look_round(self, now_ms: int) -> None:
        """Asked every half minute; a store that is away is no matter of this."""
        if self.slot is None:
            return
        try:
            with self.keeper.store.write() as connection:
                if self.is_connected():
                    store.seen(connection, self.slot, now_ms)
                rows = store.standing(connection)
        except STORE_FAULTS:
            return
        self._tell({row.slot for row in rows if _is_away(row.seen_ms, now_ms)})

    def _tell(self, away: set[str]) -> None:
        for slot in sorted(away - self._missed):
            log.error("replica_away", slot=slot, what_to_do=_ADVICE.format(slot=slot))
        for slot in sorted(self._missed - away):
            log.info("replica_back", slot=slot)
        self._missed = away
