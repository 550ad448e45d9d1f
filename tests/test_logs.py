"""What the daemon says of itself never stands in the way of what it does."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
import structlog

from daemon.config import LogConfig
from daemon.logs import set_up


@pytest.fixture(autouse=True)
def _as_before() -> object:
    yield
    structlog.reset_defaults()


def test_a_line_is_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogConfig(format="json"))
    structlog.get_logger("x").warning("mqtt_left", why="机器")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["why"], line["level"]) == ("mqtt_left", "机器", "warning")


def test_what_is_below_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogConfig(level="error"))
    structlog.get_logger("x").info("ready")
    assert capsys.readouterr().err == ""


def test_a_closed_stream_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    monkeypatch.setattr(sys, "stderr", closed)
    set_up(LogConfig())
    closed.close()
    structlog.get_logger("x").info("ready")


def test_nobody_reading_is_no_fault() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    program = (
        "from daemon.config import LogConfig; from daemon.logs import set_up; import structlog; set_up(LogConfig());"
        "[structlog.get_logger('x').info('ready') for _ in range(3)]; print('still here')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], stderr=writes, stdout=subprocess.PIPE, text=True, check=False
    )
    os.close(writes)
    assert done.stdout == "still here\n"
