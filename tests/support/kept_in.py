"""Where the suite keeps its stores: in SQLite files, or, with TEST_STORE=postgresql, in databases of one PostgreSQL.

A test names a store by a file in its folder, whichever it is; the processes that it starts find the same one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tests.support.postgres import Postgres, postgres

KIND, _FOLDER = "TEST_STORE", "TEST_STORE_FOLDER"


def on_postgresql() -> bool:
    """Whether this run of the suite is one on PostgreSQL."""
    return os.environ.get(KIND) == "postgresql"


def url_of(file: Path) -> str:
    """The SQLAlchemy URL of the store that a test names so; it may be empty."""
    if not on_postgresql():
        return f"sqlite:///{file}"
    name = f"at_{sha256(bytes(file.absolute())).hexdigest()[:24]}"
    return Postgres(Path(os.environ[_FOLDER])).database(name)


@contextmanager
def servers() -> Iterator[None]:
    """What the stores of this process and its children need while tests run."""
    if not on_postgresql():
        yield
        return
    with postgres() as server:
        os.environ[_FOLDER] = str(server.folder)
        yield
