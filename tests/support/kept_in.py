"""Where the suite keeps its stores: in SQLite files, or, with TEST_STORE=postgresql, in databases of one PostgreSQL.

A test names a store by a file in its folder, whichever it is; the processes that it starts find the same one.
"""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from tests.support.postgres import Postgres, postgres

KIND, _FOLDER = "TEST_STORE", "TEST_STORE_FOLDER"


def on_postgresql() -> bool:
    """Whether this run of the suite is one on PostgreSQL."""
    return os.environ.get(KIND) == "postgresql"


def url_of(file: Path) -> str:
    """The SQLAlchemy URL of the store that a test names so; it may be empty."""
    if not on_postgresql():
        return f"sqlite:///{file}"
    return Postgres(Path(os.environ[_FOLDER])).database(_name_of(file))


def _name_of(file: Path) -> str:
    return f"at_{sha256(bytes(file.absolute())).hexdigest()[:24]}"


def copied_to(file: Path, copy: Path) -> Path:
    """A copy of the store that a test names `file`; whoever has it open loses the connection."""
    if not on_postgresql():
        return Path(shutil.copy(file, copy))
    Postgres(Path(os.environ[_FOLDER])).copy_as(_name_of(file), _name_of(copy))
    return copy


@contextmanager
def servers() -> Iterator[None]:
    """What the stores of this process and its children need while tests run."""
    if not on_postgresql():
        yield
        return
    with postgres() as server:
        os.environ[_FOLDER] = str(server.folder)
        event.listen(Engine, "engine_connect", _ends_with_its_pool)
        yield


def _ends_with_its_pool(connection: Connection) -> None:
    """A store that a test leaves open closes its connections when it goes, as one in SQLite does.

    psycopg's own would warn, in whichever test runs at that moment.
    """
    if "ends" not in connection.info:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        connection.info["ends"] = weakref.finalize(connection.engine.pool, raw.close)
