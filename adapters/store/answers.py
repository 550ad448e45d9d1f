"""Answers given before: a command that is sent again with its key is answered again, and not done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from adapters.store.dialect import insert_new
from adapters.store.people_tables import answers

_KEPT_MS = timedelta(days=2) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Once:
    """What is done once only: `who` asks, under the `key` they chose, `request` is the digest of what is asked."""

    who: str
    key: str
    request: str


class OtherRequestError(Exception):
    """The key was used for something else."""


def claim(connection: Connection, once: Once, now_ms: int) -> Mapping[str, Any] | None:
    """The answer that was given before; None if it is to be done now, and nobody else does it until then.

    OtherRequestError if the key stands for another request.
    """
    connection.execute(delete(answers).where(answers.c.recorded_ms <= now_ms - _KEPT_MS))
    row = {"who": once.who, "key": once.key, "request": once.request, "status": 0, "body": {}, "recorded_ms": now_ms}
    claimed = insert_new(connection, answers).values(row).on_conflict_do_nothing().returning(answers.c.status)
    if connection.execute(claimed).first() is not None:
        return None
    known = connection.execute(select(answers.c.request, answers.c.body).where(*_mine(once))).one()
    if known.request != once.request:
        raise OtherRequestError
    return dict(known.body)


def keep(connection: Connection, once: Once, body: Mapping[str, Any]) -> None:
    """Keep the answer of what was claimed and done."""
    connection.execute(update(answers).where(*_mine(once)).values(status=_DONE, body=dict(body)))


_DONE = 200


def _mine(once: Once) -> tuple[Any, Any]:
    return answers.c.who == once.who, answers.c.key == once.key
