"""`hourkeeper simulate` against a real Mosquitto: what it says it published is what arrives."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import Broker, broker_in
from tests.support.daemon_process import COMMAND, DaemonProcess, ended_in_the_end

MACHINES = ("--machines", "7", "--seed", "5")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with broker_in(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def daemon(tmp_path: Path, broker: Broker) -> Iterator[DaemonProcess]:
    settings = {"mqtt": {"host": "127.0.0.1", "port": broker.port}}
    with ended_in_the_end(DaemonProcess(tmp_path / "daemon", settings)) as daemon:
        yield daemon


def hourkeeper(daemon: DaemonProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "--config", str(daemon.file), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def published(out: str) -> tuple[int, int]:
    """Sent and acknowledged."""
    found = re.fullmatch(r"(\d+) readings published, (\d+) acknowledged\n", out)
    assert found is not None, out
    return int(found[1]), int(found[2])


def test_registered_machines_publish_and_every_reading_is_accepted(daemon: DaemonProcess, tmp_path: Path) -> None:
    file = tmp_path / "machines.csv"
    written = hourkeeper(daemon, "simulate", *MACHINES, "--rate", "50", "--register", str(file))
    assert (written.returncode, written.stderr) == (0, "")
    assert hourkeeper(daemon, "machines", "import", str(file)).returncode == 0
    daemon.start_ready()
    done = hourkeeper(daemon, "simulate", *MACHINES, "--rate", "50", "--for", "1")
    assert done.returncode == 0, done.stderr
    sent, acknowledged = published(done.stdout)
    assert sent == acknowledged > 7
    assert daemon.end() == 0
    verdicts = "SELECT count(*) FROM readings WHERE source = 'telematics' AND verdict "
    assert daemon.count(f"{verdicts} = 'accepted'") == sent
    assert daemon.count(f"{verdicts} <> 'accepted'") == 0
    assert daemon.count("SELECT count(DISTINCT machine_id) FROM readings WHERE source = 'telematics'") == 7


def test_the_register_is_the_same_for_a_seed(daemon: DaemonProcess, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.csv", "two.csv")]
    for file in files:
        assert hourkeeper(daemon, "simulate", *MACHINES, "--rate", "1", "--register", str(file)).returncode == 0
    one, two = (file.read_text() for file in files)
    assert one == two
    assert len(one.splitlines()) == 8


def test_ctrl_c_ends_it_in_order(daemon: DaemonProcess, broker: Broker) -> None:
    listening = subprocess.Popen(
        ["mosquitto_sub", "-p", str(broker.port), "-q", "1", "-t", "machines/+/hours", "-v"],
        stdout=subprocess.PIPE,
        text=True,
    )
    simulating = subprocess.Popen(
        [COMMAND, "--config", str(daemon.file), "simulate", *MACHINES, "--rate", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert listening.stdout is not None
        topic, _, payload = listening.stdout.readline().partition(" ")
        assert re.fullmatch(r"machines/SIM5-00000\d/hours", topic)
        assert set(json.loads(payload)) == {"hours", "at"}
        simulating.send_signal(signal.SIGINT)
        out, err = simulating.communicate()
        assert (simulating.returncode, "Traceback" in err) == (0, False), err
        sent, acknowledged = published(out)
        assert sent == acknowledged >= 1
    finally:
        for process in (simulating, listening):
            process.kill()
            process.communicate()


def test_a_broker_that_is_away_is_named(tmp_path: Path, free_port: int) -> None:
    daemon = DaemonProcess(tmp_path, {"mqtt": {"host": "127.0.0.1", "port": free_port}})
    done = hourkeeper(daemon, "simulate", *MACHINES, "--rate", "1")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"127.0.0.1:{free_port} cannot be reached" in done.stderr


def test_a_register_that_cannot_be_written_is_named(daemon: DaemonProcess, tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "machines.csv"
    done = hourkeeper(daemon, "simulate", *MACHINES, "--rate", "1", "--register", str(file))
    assert (done.returncode, str(file) in done.stderr, done.stdout) == (2, True, "")
