"""A real Mosquitto that is started, ended, killed and started again, with the configuration that we ship."""

from __future__ import annotations

import getpass
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import until

SHIPPED = Path(__file__).parents[2] / "adapters" / "mqtt" / "mosquitto.conf"
_MINIMAL = "persistence true\nallow_anonymous true\npersistence_location /\nlistener 1883\n"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """One Mosquitto with a port and a folder of its own; its database stays in the folder when it ends.

    `shipped` off is Mosquitto's default in everything but port, folder and persistence. `settings` replace lines of
    the shipped file by their first word (None: taken out), `more` is appended.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shipped: bool = True,
        settings: dict[str, str | None] | None = None,
        more: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.folder = folder
        self.log = folder / "mosquitto.log"
        self.database = folder / "mosquitto.db"
        self._file = folder / "mosquitto.conf"
        ours = {
            "persistence_location": f"{folder}/",
            "listener": f"{self.port} 127.0.0.1",
            "allow_anonymous": "true",
            **({"password_file": None, "acl_file": None} if shipped else {}),
            **(settings or {}),
        }
        text = replaced(SHIPPED.read_text() if shipped else _MINIMAL, ours)
        self._file.write_text(f"{text}\nuser {getpass.getuser()}\n{more}\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process, which runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([_program(), "-c", str(self._file)], stdout=log, stderr=log)
        until(self.is_listening, f"mosquitto listens; it says: {self.log.read_text()[-2000:]}")

    def is_listening(self) -> bool:
        """Whether it takes connections; AssertionError with its own words if it has ended."""
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it: in order, or with SIGKILL."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def saved(self) -> bytes:
        """What its database file holds; nothing before it has saved for the first time."""
        return self.database.read_bytes() if self.database.exists() else b""

    def restart(self, number: signal.Signals = signal.SIGTERM, *, forgetting: bool = False) -> None:
        """End it and start it again; `forgetting`: without its database, so that every session is lost."""
        self.end(number)
        if forgetting:
            self.database.unlink(missing_ok=True)
        self.start()


def replaced(text: str, settings: dict[str, str | None]) -> str:
    """A configuration with other values; AssertionError for one that is not set in it exactly once."""
    for name, value in settings.items():
        line = "" if value is None else f"{name} {value}"
        text, count = re.subn(rf"(?m)^{name} .*$", line.replace("\\", r"\\"), text)
        assert count == 1, f"{name} is set {count} times"
    return text


def _program() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    assert found, "mosquitto is not installed: run tests/system_packages.sh"
    return found


@contextmanager
def broker_in(folder: Path, **options: object) -> Iterator[Broker]:
    """A broker that runs, and is ended afterwards."""
    broker = Broker(folder, **options)  # type: ignore[arg-type]
    broker.start()
    try:
        yield broker
    finally:
        broker.end()
