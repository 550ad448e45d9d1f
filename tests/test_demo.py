"""`hourkeeper demo` as a user runs it: lists, `ready`, live changes, and nothing left behind."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import pytest

from tests.support.daemon_process import COMMAND
from tests.support.waiting import until


class Demo:
    """A demo in a session and with a folder for temporary files of its own, its two outputs as text."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [COMMAND, "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "TMPDIR": str(folder)},
            start_new_session=True,
        )

    @property
    def out(self) -> IO[str]:
        """Its standard output."""
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def err(self) -> IO[str]:
        """Its standard error."""
        assert self.process.stderr is not None
        return self.process.stderr

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """As a terminal does: the signal reaches every process of the session."""
        os.killpg(self.process.pid, number)

    def end(self) -> tuple[int, str, str]:
        """Exit code and what was still said."""
        out, err = self.process.communicate()
        return self.process.returncode, out, err

    def is_alone(self) -> bool:
        """Whether none of its processes is left."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def has_left_nothing(self) -> bool:
        """No folder, and no process: a child may take a moment to be gone."""
        until(self.is_alone, "its children are gone")
        return list(self.folder.iterdir()) == []


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[Demo]:
    running = Demo(folder, *arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.communicate()


def lines_until(stream: IO[str], wanted: str) -> list[str]:
    """Lines up to the one that has `wanted` in it."""
    lines = []
    for line in stream:
        lines.append(line)
        if wanted in line:
            return lines
    raise AssertionError(f"{wanted!r} was never said:\n{''.join(lines)}")


def test_it_prints_what_is_overdue_by_hours_and_by_the_calendar_and_ends(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", "0") as running:
        code, out, err = running.end()
        assert (code, "Traceback" in err) == (0, False), err
        assert running.has_left_nothing()
    rows = [line for line in out.splitlines() if "_visit" in line or "_upkeep" in line or "_protection" in line]
    assert sum(" hours " in row for row in rows) >= 3
    assert sum(" calendar " in row and "mandatory_visit" in row for row in rows) >= 3
    assert any("stock_upkeep" in row for row in rows)
    assert "ready" not in out.splitlines()
    for verdict in ("accepted", "duplicate", "late", "malformed", "not_available", "unknown_machine", "jump"):
        assert f" {verdict}" in out
    assert "Letters: " in out


def test_live_readings_get_in_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        before = lines_until(running.out, "ready\n")
        page = next(line.strip() for line in before if "/set-up/" in line)
        with urlopen(page) as answer:
            assert "new-password" in answer.read().decode()
        lines_until(running.out, "mandatory_visit 600: upcoming -> due (hours, 600")
        advised = next(line.split() for line in before if "mosquitto_pub" in line)
        machine = advised[advised.index("-t") + 1].split("/")[1]
        subprocess.run([*advised[:-2], '{"hours": 600.5}'], check=True)
        lines_until(running.out, f"{machine} mandatory_visit 600: upcoming -> due (hours, 600.5 h)")
        running.interrupt()
        code, _, err = running.end()
        assert (code, "Traceback" in err) == (0, False), err
        assert running.has_left_nothing()


def test_it_ends_by_itself_after_the_time_it_was_given(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", "0.1") as running:
        code, out, err = running.end()
        assert (code, "Traceback" in err) == (0, False), err
        assert "ready" in out.splitlines()
        assert running.has_left_nothing()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_interrupted_while_it_plays_the_past(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path) as running:
        lines_until(running.err, "a made-up fleet")
        running.interrupt(number)
        code, out, err = running.end()
        assert (code, out) == (130, "")
        assert "Traceback" not in err
        assert running.has_left_nothing()
