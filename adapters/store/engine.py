"""Connections and transactions: SQLite with WAL, synchronous FULL and BEGIN IMMEDIATE for writers (pitfalls 1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_MS = 5000
_GIVEN_UP = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""Of libpq: s, and ms for the last."""
STORE_FAULTS = (OperationalError, InterfaceError, PoolTimeoutError)
"""What the store raises when it cannot be used now: locked, full, away. Whatever else it raises is about the data."""


class Store:
    """The database behind a SQLAlchemy URL; `write`, `read` and, for upgrades, `rebuild` are its transactions."""

    def __init__(self, url: str, busy_ms: int = _BUSY_MS) -> None:
        """Open lazily; the folder of a SQLite file is made. `busy_ms`: how long a writer waits for another."""
        self.url = make_url(url)
        self.engine = create_engine(self.url, connect_args=_connecting(self.url))
        if self.engine.dialect.name == "sqlite":
            _make_folder(self.url.database)
            _use_sqlite_well(self.engine, busy_ms)
        else:
            _use_postgresql_well(self.engine)
        self._writer = self.engine.execution_options(writer=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write: committed at the end, rolled back on any exception."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that reads; on PostgreSQL each of its statements sees what was committed before it."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One transaction that reads what was there at its beginning, however long it reads; nobody may lock in it."""
        options = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """One transaction that may also remake tables to which others refer: SQLite does not look at references."""
        with self._writer.connect() as connection:
            self._mind_references(connection, minding=False)
            try:
                with connection.begin():
                    yield connection
            finally:
                self._mind_references(connection, minding=True)

    def _mind_references(self, connection: Connection, *, minding: bool) -> None:
        """Asked of the driver: inside a transaction SQLite would not listen."""
        driver: Any = connection.connection.driver_connection
        if self.engine.dialect.name == "sqlite":
            driver.execute(f"PRAGMA foreign_keys = {'ON' if minding else 'OFF'}")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _connecting(url: URL) -> dict[str, int]:
    """How soon a PostgreSQL that is cut off is given up, unless the URL says; the system itself waits for hours."""
    if url.get_backend_name() != "postgresql":
        return {}
    return {name: value for name, value in _GIVEN_UP.items() if name not in url.query}


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:" and not database.startswith("file:"):
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _use_sqlite_well(engine: Engine, busy_ms: int) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own class
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_ms)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -32000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writer", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_postgresql_well(engine: Engine) -> None:
    """Our statements are short, and compiling them takes longer than running them; a list that comes by a cursor is
    read to its end, not to a tenth of it; and no disk of today makes a jump cost four times a step.
    """

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own class
        for setting in ("jit = off", "cursor_tuple_fraction = 1", "random_page_cost = 1.1"):
            connection.execute(f"SET {setting}")
        connection.commit()
