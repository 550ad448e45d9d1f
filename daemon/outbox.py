"""The outbox of a keeper, and what a replay tells of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from adapters.store import notice_facts
from adapters.store.outbox import StoreOutbox
from adapters.store.tables import letters, notices
from daemon.digests import digest_letter
from daemon.keeper import Keeper
from schedules.dates import local_date
from schedules.work_order import Kind


def outbox_of(keeper: Keeper, *, only_reachable: bool = True) -> StoreOutbox:
    """The keeper's outbox; `only_reachable`: customers without an address are told by their service centre."""
    return StoreOutbox(
        keeper.store,
        lambda: keeper.rulebook,
        keeper.telling,
        only_reachable=only_reachable,
        digest_of=lambda name, written_ms, now_ms: digest_letter(keeper, name, written_ms, now_ms),
    )


def make_letters(keeper: Keeper, now_ms: int | None) -> int:
    """For a replay: make the letters of every moment up to `now_ms` (None: all that wait); how many.

    A timeline knows no addresses, so customers are told without one.
    """
    outbox, made = outbox_of(keeper, only_reachable=False), 0
    while (ripe_ms := _next_ripe_ms(keeper)) is not None and (now_ms is None or ripe_ms <= now_ms):
        made += outbox.gather(ripe_ms)
    return made


def _next_ripe_ms(keeper: Keeper) -> int | None:
    with keeper.store.read() as connection:
        return notice_facts.next_ripe_ms(connection)


def letters_told(keeper: Keeper) -> list[dict[str, Any]]:
    """What a replay has told, in order of time (design 6); what still waits when the timeline ends is told too."""
    make_letters(keeper, None)
    told: dict[str, dict[str, Any]] = {}
    with keeper.store.read() as connection:
        for row in connection.execute(_TOLD):
            letter = told.setdefault(row.letter_id, _letter(keeper, row))
            order = {"machine_id": row.machine_id, "kind": row.kind, "step": row.step}
            if row.kind in set(Kind) and order not in letter["orders"]:
                letter["orders"].append(order)
    return list(told.values())


_TOLD = (
    select(letters, notices.c.machine_id, notices.c.kind, notices.c.step)
    .join(notices, notices.c.letter_id == letters.c.letter_id)
    .order_by(
        letters.c.created_ms,
        letters.c.occasion,
        letters.c.recipient,
        letters.c.role,
        letters.c.letter_id,
        notices.c.machine_id,
        notices.c.kind,
        notices.c.step,
    )
)


def _letter(keeper: Keeper, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of `_TOLD`
    return {
        "on": local_date(row.created_ms, keeper.zone).isoformat(),
        "occasion": row.occasion,
        "recipient": row.recipient,
        "locale": row.locale,
        "orders": [],
    }
