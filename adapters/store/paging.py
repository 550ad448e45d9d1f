"""Long lists, page by page: a page begins after the last row of the one before, by the keys of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, tuple_

_BEYOND = 1 << 63
Keys = tuple[Column[Any], ...]
"""Columns that give a list its order; the last of them tells rows apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: after the row with these `after` values of its keys, or at its beginning."""

    keys: Keys
    descending: bool = False
    after: tuple[Any, ...] | None = None

    def on(self, statement: Select[Any]) -> Select[Any]:
        """The rows of a statement from this place on, in order."""
        for key in self.keys:
            if key.nullable:
                statement = statement.where(key.isnot(None))
        if self.after is not None:
            statement = statement.where(self._beyond(self.after))
        return statement.order_by(*(key.desc() if self.descending else key for key in self.keys))

    def _beyond(self, after: tuple[Any, ...]) -> ColumnElement[bool]:
        there, here = tuple_(*self.keys), tuple_(*after, types=[key.type for key in self.keys])
        return there < here if self.descending else there > here

    def beginning_after(self, values: Sequence[Any]) -> Place:
        """The same list after the row of these values; ValueError if they are none of this list."""
        if len(values) != len(self.keys):
            raise ValueError("it belongs to another list")
        after = tuple(_typed(key, value) for key, value in zip(self.keys, values, strict=True))
        return Place(self.keys, self.descending, after)


def _typed(key: Column[Any], value: object) -> object:
    wanted = key.type.python_type
    if wanted is date and isinstance(value, str):
        return date.fromisoformat(value)
    if not isinstance(value, wanted) or isinstance(value, bool) or not _storable(value):
        raise ValueError("it belongs to another list")
    return value


def _storable(value: object) -> bool:
    return -_BEYOND <= value < _BEYOND if isinstance(value, int) else str(value).isprintable()
