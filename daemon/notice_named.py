"""A notice by its number or by its letter's id: who is told what in which letter, what became of it; and once more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing as store
from adapters.store import told
from daemon.keeper import Keeper
from daemon.outbox import outbox_of
from daemon.records import deliveries, notice_fields, notices_fields
from daemon.refused import RefusedError

Fields = dict[str, Any]
ORDER_FIELDS = ("id", "occasion", "machine_id", "kind", "step", "on", "state", "error")


class NoNoticeError(RefusedError):
    """There is no such notice."""


def notice_named(connection: Connection, keeper: Keeper, name: str) -> Fields:
    """A notice with all its letter tells of (`notices_of_letter`), and every way by which it goes (`deliveries`)."""
    row, together = _named(connection, name)
    (found,) = notices_fields(connection, keeper, [row])
    orders = [{name: notice_fields(keeper, each)[name] for name in ORDER_FIELDS} for each in together]
    return {**found, "notices_of_letter": orders, "deliveries": deliveries(connection, keeper, row)}


def send_again(keeper: Keeper, name: str) -> list[str]:
    """Let the letters of a notice that failed for good wait once more; which. RefusedError if none failed."""
    outbox = outbox_of(keeper)
    again = [letter_id for letter_id in _letters_of(keeper, name) if outbox.retry_dead(letter_id)]
    if not again:
        raise RefusedError(f"notice {name} did not fail: `hourkeeper notices show {name}` says how it stands")
    return again


def _named(connection: Connection, name: str) -> tuple[Row[Any], list[Row[Any]]]:
    """A notice by its number or its letter's id, and all notices of its letter."""
    if not name.isascii() or not name.isdigit():
        together = store.notices_of_letter(connection, name)
        if together:
            return together[0], together
        digest = told.digest(connection, name)
        if digest is not None:
            return digest, []
    elif len(name) < len(str(2**63)) and (row := store.notice(connection, int(name))) is not None:
        return row, store.notices_of_letter(connection, row.letter_id) if row.letter_id else []
    raise NoNoticeError(f"there is no notice {name}; `hourkeeper notices list` names those there are")


def _letters_of(keeper: Keeper, name: str) -> list[str]:
    """One letter named by its id, or all in which a notice goes out."""
    with keeper.store.read() as connection:
        row, _ = _named(connection, name)
        if row.letter_letter_id == name:
            return [name]
        sent = deliveries(connection, keeper, row)
    if not sent:
        raise RefusedError(f"notice {name} is in no letter yet: `hourkeeper notices show {name}` says how it stands")
    return [str(each["letter_id"]) for each in sent]
