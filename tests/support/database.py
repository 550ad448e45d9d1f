"""A store asked by its driver alone, past the product's own code."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import make_url


@dataclass(frozen=True, slots=True)
class Database:
    """A SQLite file or a PostgreSQL database by its SQLAlchemy URL; values stand for `?` in a question."""

    url: str

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return make_url(self.url).get_backend_name() == "sqlite"

    def asks(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows."""
        with self._open() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(self._worded(question), values).fetchall()
            return rows

    def count(self, question: str, *values: object) -> int:
        """The one number that a question asks for."""
        return int(self.asks(question, *values)[0][0])

    def does(self, statement: str, *values: object) -> None:
        """Change something."""
        with self._open() as connection, connection:
            connection.execute(self._worded(statement), values)

    def _open(self) -> AbstractContextManager[Any]:
        url = make_url(self.url)
        if self.is_sqlite:
            return closing(sqlite3.connect(str(url.database), timeout=60))
        return closing(psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)))

    def _worded(self, text: str) -> str:
        return text if self.is_sqlite else text.replace("%", "%%").replace("?", "%s")
