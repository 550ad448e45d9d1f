"""Groups waiting notices into letters: one per recipient and occasion, however many orders it covers (rules 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, insert, update

from adapters.store import notice_facts
from adapters.store.addressees import TellingSettings, addressee_of, allowed_ms, ways_of, why_not
from adapters.store.tables import letters, notices
from notifications.letter import Addressee
from notifications.occasions import INVITING, Occasion, Role, leading
from notifications.ways import Way
from schedules.dates import local_date

_BATCH = 2000
_PASSED = frozenset({Occasion.VISIT_DUE, Occasion.VISIT_OVERDUE})
Rows = Sequence[Row[Any]]


def batches(recipients: Mapping[tuple[Role, str], int]) -> Iterator[tuple[Role, list[str]]]:
    """Recipients of one role at a time, with some thousand notices together; given how many each has."""
    for role in Role:
        batch: list[str] = []
        size = 0
        for recipient in (name for as_what, name in recipients if as_what is role):
            batch.append(recipient)
            size += recipients[role, recipient]
            if size >= _BATCH:
                yield role, batch
                batch, size = [], 0
        if batch:
            yield role, batch


def gather(
    connection: Connection,
    telling: TellingSettings,
    batch: tuple[Role, Sequence[str]],
    now_ms: int,
    zone: ZoneInfo,
    *,
    only_reachable: bool,
) -> int:
    """Make letters of what these recipients are to be told, drop what no longer applies; how many were made.

    `zone` is the plan's. What became ripe while nobody gathered and may not go now is put off.
    """
    role, recipients = batch
    waiting = notice_facts.waiting_for(connection, role, recipients, now_ms)
    allowed = {row.id: allowed_ms(telling, (_occasion(row), role, row.recipient), now_ms, zone) for row in waiting}
    rows = [row for row in waiting if allowed[row.id] <= now_ms]
    _put_off(connection, {row.id: allowed[row.id] for row in waiting if row.not_before_ms <= now_ms < allowed[row.id]})
    due = [row for group in _by(rows, _recipient).values() for row in group if _is_ripe(group, now_ms)]
    today = local_date(now_ms, zone)
    reasons = {row.id: why_not(row, telling, today, only_reachable=only_reachable) for row in due}
    drop(connection, {number: reason for number, reason in reasons.items() if reason})
    groups = _letters([row for row in due if not reasons[row.id]], telling)
    _write(connection, telling, groups, now_ms)
    return len(groups)


def _recipient(row: Row[Any]) -> tuple[str, str]:
    return row.recipient, row.kind


def _is_ripe(group: Rows, now_ms: int) -> bool:
    """What came first has waited long enough; the others go along."""
    return any(row.not_before_ms <= now_ms for row in group)


def _letters(rows: Rows, telling: TellingSettings) -> list[tuple[Addressee, Occasion, Rows]]:
    """All that one recipient is told on one occasion, whatever machines it is about."""
    found: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    to: dict[tuple[Any, ...], Addressee] = {}
    for of_machine in _by(rows, lambda row: (*_recipient(row), row.machine_id)).values():
        addressee = addressee_of(of_machine[0], telling)
        for row, occasion in _told_as(of_machine):
            # Two customers may have the same name: what goes to one address is not for the other's eyes.
            key = (addressee.recipient, addressee.address, addressee.phone, occasion)
            to.setdefault(key, addressee)
            found[key].append(row)
    return [(to[key], key[-1], of_letter) for key, of_letter in found.items()]


def _told_as(of_machine: Rows) -> Iterator[tuple[Row[Any], Occasion]]:
    """One recipient's notices of one machine: an order is told of the strongest occasion that waits, and steps
    passed unseen go out as one (rules 1).
    """
    yield from ((row, _occasion(row)) for row in of_machine if _occasion(row) in INVITING)
    of_machine = [row for row in of_machine if _occasion(row) not in INVITING]
    of_order = {step: leading(map(_occasion, rows)) for step, rows in _by(of_machine, lambda row: row.step).items()}
    passed = [occasion for occasion in of_order.values() if occasion in _PASSED]
    for row in of_machine:
        occasion = of_order[row.step]
        yield row, leading(passed) if occasion in _PASSED else occasion


def _occasion(row: Row[Any]) -> Occasion:
    return Occasion(row.occasion)


def _by(rows: Rows, key: Any) -> Mapping[Any, list[Row[Any]]]:  # noqa: ANN401 - a function of a row
    grouped: dict[Any, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return grouped


def _write(
    connection: Connection,
    telling: TellingSettings,
    groups: Sequence[tuple[Addressee, Occasion, Rows]],
    now_ms: int,
) -> None:
    if not groups:
        return
    made = [_letter(addressee, occasion, now_ms) for addressee, occasion, _ in groups]
    ways = [_ways(group, telling) for group in groups]
    deliveries = [by_way(letter, its_ways) for letter, its_ways in zip(made, ways, strict=True)]
    connection.execute(insert(letters), list(chain.from_iterable(deliveries)))
    link = update(notices).where(notices.c.id == bindparam("number"), notice_facts.WAITING)
    pairs = [
        {"number": row.id, "letter": letter["letter_id"]}
        for letter, (_, _, rows) in zip(made, groups, strict=True)
        for row in rows
    ]
    connection.execute(link.values(letter_id=bindparam("letter")), pairs)


def _ways(group: tuple[Addressee, Occasion, Rows], telling: TellingSettings) -> list[Way]:
    """All ways that one of a letter's notices goes."""
    to, occasion, rows = group
    return list(dict.fromkeys(way for row in rows for way in ways_of(row, to, occasion, telling)))


def _letter(addressee: Addressee, occasion: Occasion, now_ms: int) -> dict[str, Any]:
    return {
        "letter_id": str(uuid4()),
        "occasion": occasion,
        "role": addressee.role,
        "recipient": addressee.recipient,
        "state": "waiting",
        "created_ms": now_ms,
        "next_ms": now_ms,
        "attempts": 0,
        "locale": addressee.locale,
    }


def by_way(letter: Mapping[str, Any], ways: Sequence[Way]) -> Iterator[dict[str, Any]]:
    """The letter by its first way, and a copy by every other: one delivery each, which delays no other."""
    for number, way in enumerate(ways):
        original = letter["letter_id"] if number else None
        mine = {"letter_id": str(uuid4())} if number else {}
        yield {**letter, **mine, "original_id": original, "channel": way.channel, "address": way.address}


def _put_off(connection: Connection, until_ms: Mapping[int, int]) -> None:
    if until_ms:
        statement = update(notices).where(notices.c.id == bindparam("number")).values(not_before_ms=bindparam("until"))
        connection.execute(statement, [{"number": number, "until": until} for number, until in until_ms.items()])


def drop(connection: Connection, reasons: Mapping[int, str]) -> None:
    """Note why notices are not told; they stay where they are."""
    if reasons:
        statement = update(notices).where(notices.c.id == bindparam("number")).values(dropped=bindparam("reason"))
        connection.execute(statement, [{"number": number, "reason": why} for number, why in reasons.items()])


def release(connection: Connection, numbers: Sequence[int]) -> None:
    """Take notices out of their letter, to be gathered anew."""
    if numbers:
        statement = update(notices).where(notices.c.id == bindparam("number")).values(letter_id=None)
        connection.execute(statement, [{"number": number} for number in numbers])
