"""The real command in a process of its own, with its own configuration, store and log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from daemon.clock import clock_ms
from daemon.config import Config, load
from daemon.keeper import Keeper
from daemon.wiring import open_keeper
from tests.support.database import Database
from tests.support.kept_in import url_of
from tests.support.waiting import LIMIT_S, until

COMMAND = str(Path(sys.executable).with_name("hourkeeper"))


class Running(Protocol):
    """A process, however it was started."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended."""


class DaemonProcess:
    """A daemon that can be started, ended and killed many times; `settings` is its whole configuration.

    `launcher` replaces the command: a module of the tests that puts the daemon together with one part exchanged.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], launcher: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.store = folder / "hourkeeper.db"
        self.file = folder / "hourkeeper.toml"
        self.log = folder / "daemon.log"
        settings = {"log": {"format": "json"}, "store": {"url": url_of(self.store)}, **settings}
        self.database = Database(settings["store"]["url"])
        self.file.write_text(toml(settings))
        self._command = [sys.executable, "-m", *launcher] if launcher else [COMMAND]
        self.process: Running | None = None
        self._since = 0

    @property
    def arguments(self) -> list[str]:
        """What follows the command's name."""
        return ["--config", str(self.file), "run"]

    def start(self) -> None:
        """Start it; returns at once."""
        self._since = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self._command, *self.arguments], stdout=log, stderr=log)

    def start_ready(self) -> None:
        """Start it and wait until it receives."""
        self.start()
        self.wait_for("ready")
        self.wait_for("mqtt_subscribed")

    def end(self, number: signal.Signals = signal.SIGTERM, limit_s: float = LIMIT_S) -> int:
        """Send a signal and wait for the end; its exit code."""
        assert self.process is not None
        os.kill(self.process.pid, number)
        code = self.process.wait(limit_s)
        self.process = None
        return code

    def is_up(self) -> bool:
        """Whether it still runs."""
        return self.process is not None and self.process.poll() is None

    def events(self, name: str | None = None, *, ever: bool = False) -> list[dict[str, Any]]:
        """What it has logged since it was last started, or ever: the events of that name, or all."""
        with self.log.open("rb") as log:
            log.seek(0 if ever else self._since)
            lines = log.read().splitlines()
        events = [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]
        return [event for event in events if name is None or event["event"] == name]

    def wait_for(self, name: str, count: int = 1, limit_s: float = LIMIT_S) -> list[dict[str, Any]]:
        """Wait until an event was logged so many times since the start."""

        def look() -> list[dict[str, Any]]:
            found = self.events(name)
            assert len(found) >= count or self.is_up(), f"the daemon has ended: {self.says()}"
            return found if len(found) >= count else []

        return until(look, f"the daemon logs {name} {count} times; it says: {self.says()}", limit_s)

    def says(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def asks(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the store directly, past the product's own code."""
        return self.database.asks(question, *values)

    def count(self, question: str, *values: object) -> int:
        """The one number that a question asks for."""
        return self.database.count(question, *values)

    @contextmanager
    def keeper(self) -> Iterator[Keeper]:
        """The keeper of its configuration, to register machines with."""
        keeper = open_keeper(self.config(), clock_ms())
        try:
            yield keeper
        finally:
            keeper.store.close()

    def config(self) -> Config:
        """Its configuration."""
        return load(self.file, {})


@contextmanager
def ended_in_the_end(daemon: DaemonProcess) -> Iterator[DaemonProcess]:
    """Whatever happens, no process stays behind."""
    try:
        yield daemon
    finally:
        if daemon.is_up():
            daemon.end(signal.SIGKILL)


def toml(tables: dict[str, Any], above: str = "") -> str:
    """A small TOML writer: tables, lists of tables, and values that JSON writes the same way."""
    own = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in tables.items() if not _is_table(value)]
    text = (f"[{above}]\n" if above else "") + "\n".join(own) + "\n"
    for key, value in tables.items():
        name = f"{above}.{key}" if above else key
        if isinstance(value, dict):
            text += toml(value, name)
        elif _is_table(value):
            text += "".join(toml(each, name).replace(f"[{name}]", f"[[{name}]]", 1) for each in value)
    return text


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))
