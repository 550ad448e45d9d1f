"""The service manager is told when the daemon is ready, that its loops move, and when it ends; the unit is sound."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from daemon.config import load
from daemon.pulse import Pulse
from daemon.service_manager import ServiceManager
from tests.support.fleet import fleet
from tests.support.rig import rig_in
from tests.support.waiting import until

UNITS = Path(__file__).parents[1] / "systemd"
ONE, REPLICA = UNITS / "hourkeeper.service", UNITS / "hourkeeper@.service"
EXPOSED_AT_MOST = 1.5


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager's end of the line."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(60)
        yield end


def heard(manager: socket.socket) -> str:
    return manager.recv(1000).decode()


def test_it_hears_ready_alive_without_a_broker_and_stopping(tmp_path: Path, manager: socket.socket) -> None:
    wanted = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
    with rig_in(tmp_path, fleet(1, 1, 2)) as rig:
        rig.broker.end()
        with patch.dict(os.environ, wanted):
            rig.daemon.start()
        assert heard(manager) == "READY=1"
        assert [heard(manager) for _ in range(3)] == ["WATCHDOG=1"] * 3
        rig.daemon.end()
        said = [heard(manager)]
        while said[-1] != "STOPPING=1":
            said.append(heard(manager))
        assert set(said[:-1]) <= {"WATCHDOG=1"}


def test_it_begins_anew_with_another_configuration_and_keeps_its_own_if_that_is_wrong(
    tmp_path: Path, manager: socket.socket
) -> None:
    with rig_in(tmp_path, fleet(3, 2, 40)) as rig:
        with patch.dict(os.environ, {"NOTIFY_SOCKET": str(tmp_path / "notify")}):
            rig.daemon.start_ready()
        assert heard(manager) == "READY=1"
        assert rig.daemon.process is not None
        pid, right = rig.daemon.process.pid, rig.daemon.file.read_text()

        rig.daemon.file.write_text(right.replace("[mqtt]", "[mqtt]\nkeepalive = 0\nprot = 1"))
        os.kill(pid, signal.SIGHUP)
        (refused,) = rig.daemon.wait_for("reload_refused")
        said = "\n".join(refused["problems"])
        assert "mqtt.keepalive: should" in said
        assert "mqtt.prot: unknown key" in said

        rig.daemon.file.write_text(right.replace("[mqtt]", '[mqtt]\nclient_id = "another"'))
        os.kill(pid, signal.SIGHUP)
        assert heard(manager).startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert heard(manager) == "READY=1"
        rig.daemon.wait_for("mqtt_subscribed", 2)
        assert "another" in rig.broker.log.read_text()
        rig.publish(rig.fleet.readings)
        rig.drain()
        assert not (breaches := rig.breaches()), str(breaches)


class Clock:
    """A clock that is set by hand, and knows how often it was looked at."""

    def __init__(self) -> None:
        self.now_s, self.looks = 0.0, 0

    def __call__(self) -> float:
        self.looks += 1
        return self.now_s

    def is_looked_at(self, times: int) -> None:
        """Wait until it was, from now on."""
        wanted = self.looks + times
        until(lambda: self.looks >= wanted, "somebody asks whether the loops move")


def test_a_loop_that_hangs_is_not_called_alive(tmp_path: Path, manager: socket.socket) -> None:
    clock, stop = Clock(), threading.Event()
    pulse = Pulse(clock)
    pulse.watch("relay", lambda: 0, 300)
    told = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000"})
    telling = threading.Thread(target=told.keep_told, args=(pulse, stop))
    telling.start()
    assert heard(manager) == "WATCHDOG=1"

    clock.now_s = 301
    clock.is_looked_at(2)
    manager.settimeout(0)
    while _is_told(manager):
        pass
    clock.is_looked_at(5)
    assert not _is_told(manager)
    stop.set()
    telling.join()


def _is_told(manager: socket.socket) -> bool:
    try:
        return bool(heard(manager))
    except BlockingIOError:
        return False


def test_nobody_is_told_where_nobody_listens(tmp_path: Path) -> None:
    stop = threading.Event()
    ServiceManager({"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}).keep_told(Pulse(), stop)
    ServiceManager({}).keep_told(Pulse(), stop)
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).say("READY=1")


@pytest.mark.parametrize("unit", [ONE, REPLICA], ids=lambda unit: unit.name)
def test_a_unit_is_sound_and_little_is_exposed(tmp_path: Path, unit: Path) -> None:
    copy = tmp_path / unit.name.replace("@", "@1")
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8")))

    verified = subprocess.run(["systemd-analyze", "verify", copy], check=False, capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    asked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", copy], check=True, capture_output=True, text=True
    )
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", asked.stdout)
    assert float(exposure) <= EXPOSED_AT_MOST, asked.stdout


def test_a_replica_differs_in_its_name_environment_and_folder_alone() -> None:
    ours, theirs = (settings(unit) for unit in (ONE, REPLICA))

    assert {line.partition("=")[0] for line in ours ^ theirs} == {"Description", "Environment", "StateDirectory"}


def test_a_replica_has_a_client_id_a_status_and_a_port_of_its_own(tmp_path: Path) -> None:
    (line,) = (line for line in settings(REPLICA) if line.startswith("Environment="))
    environ = dict(each.split("=", 1) for each in line.removeprefix("Environment=").replace("%i", "2").split())
    (tmp_path / "hourkeeper.toml").touch()

    config = load(tmp_path / "hourkeeper.toml", environ)

    assert (config.mqtt.full_client_id, config.mqtt.group, config.web.port) == ("hourkeeper-2", "hourkeeper", 8082)


def settings(unit: Path) -> set[str]:
    lines = unit.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}
