"""A real PostgreSQL that is made, started and thrown away; databases in it cost a moment each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from tests.support.waiting import until

_NUMBERS = count(1)
_DURABLE = ("listen_addresses=",)
_HASTY = (*_DURABLE, "fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """One server that listens on a socket in its folder alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = 0
        self._data = folder / "data"

    def new_database(self) -> str:
        """The SQLAlchemy URL of an empty database."""
        return self._new("template1")

    def copy_of(self, url: str) -> str:
        """The SQLAlchemy URL of a copy of a database to which nobody is connected."""
        return self._new(str(make_url(url).database))

    def database(self, name: str) -> str:
        """The SQLAlchemy URL of the database of that name, which is made when it is first asked for."""
        with closing(self._connect()) as connection, suppress(psycopg.errors.DuplicateDatabase):
            connection.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def copy_as(self, name: str, copy: str) -> None:
        """Make a database out of another one, from which everybody is sent away."""
        with closing(self._connect()) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        self._create(copy, name)

    def drop(self, url: str) -> None:
        """A database is not needed any more, whoever is connected to it."""
        with closing(self._connect()) as connection:
            connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _new(self, template: str) -> str:
        name = f"test_{next(_NUMBERS)}"
        self._create(name, template)
        return self._url(name)

    def _create(self, name: str, template: str) -> None:
        with closing(self._connect()) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    def make(self) -> None:
        """Write its empty cluster."""
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        subprocess.run([_program("initdb"), *options, "-D", self._data], check=True, capture_output=True, **_nobody())

    def start(self, *, durable: bool, more: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Start it and wait until it takes connections."""
        settings = [word for setting in (*(_DURABLE if durable else _HASTY), *more) for word in ("-c", setting)]
        command = [_program("postgres"), "-D", str(self._data), "-k", str(self.folder), *settings]
        with (self.folder / "log").open("wb") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(command, stdout=log, stderr=log, **_nobody())
        until(lambda: self._takes_connections(process), "PostgreSQL takes connections")
        return process

    def _takes_connections(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, (self.folder / "log").read_text()[-2000:]
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


def _nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


def _program(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places)))
    assert found, f"{name} is not installed: run tests/system_packages.sh"
    return found


@contextmanager
def postgres(*, durable: bool = False, settings: Sequence[str] = ()) -> Iterator[Postgres]:
    """A server that runs, and is ended and forgotten afterwards; `durable`: it would outlive the machine's fall."""
    folder = Path(tempfile.mkdtemp(prefix="hourkeeper-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    server = Postgres(folder)
    try:
        server.make()
        process = server.start(durable=durable, more=settings)
        server.pid = process.pid
        try:
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # in order, without waiting for those that are still connected
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
