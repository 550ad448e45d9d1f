"""The daemon copies beside its work: InfluxDB is away for the whole run, and afterwards points equal readings."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from adapters.influx.point import time_ns
from tests.support.daemon_process import COMMAND
from tests.support.fleet import as_it_arrives, fleet
from tests.support.influx import BUCKET, ORG, TOKEN, between, fake_influx
from tests.support.rig import Rig, rig_in
from tests.support.waiting import until

_BELIEVED = """
SELECT machine_id, time_ms, id, source, total_ms / 3600000.0, dial_ms / 3600000.0
FROM readings WHERE verdict IN ('accepted', 'noise', 'late')
"""
_WAITING = "SELECT count(*) FROM influx_pending"


def _influx_command(rig: Rig, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "--config", str(rig.daemon.file), "influx", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_influx_is_away_for_the_whole_run_and_points_equal_readings_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    settings = {"URL": f"http://127.0.0.1:{free_port}", "ORG": ORG, "BUCKET": BUCKET, "TOKEN_FILE": str(token)}
    machines = fleet(17, 4, 60)
    with rig_in(tmp_path, machines) as rig, fake_influx() as influx:
        for name, value in settings.items():
            monkeypatch.setenv(f"HOURKEEPER_INFLUX__{name}", value)
        rig.subscribe_first()
        rig.daemon.start_ready()
        rig.publish(as_it_arrives(machines.readings, 17))
        rig.daemon.wait_for("influx_away")
        rig.drain()
        assert not rig.breaches(), str(rig.breaches())
        believed = rig.daemon.asks(_BELIEVED)
        # Those of the hand-overs are older than the copy.
        noted = rig.daemon.count(_WAITING)
        assert len(machines.readings) * 0.5 < noted <= len(believed)
        asked = _influx_command(rig, "status", "--fail-if-late")
        assert (asked.returncode, asked.stderr) == (1, "")
        assert "failing" in asked.stdout

        rebuilt = _influx_command(rig, "rebuild")
        assert (rebuilt.returncode, f"{len(believed)} readings are noted" in rebuilt.stdout) == (0, True)
        rig.daemon.database.does("UPDATE errands SET next_ms = 0")
        with between(influx, free_port):
            rig.daemon.start_ready()
            until(lambda: not rig.daemon.count(_WAITING), f"everything is copied; {rig.daemon.says()}")
            assert _influx_command(rig, "status", "--fail-if-late").returncode == 0
            assert rig.daemon.end() == 0
        assert TOKEN not in rig.daemon.log.read_text()
        assert influx.points("") == {
            (machine, time_ns(time_ms, number)): (source, float(total), float(dial))
            for machine, time_ms, number, source, total, dial in believed
        }
