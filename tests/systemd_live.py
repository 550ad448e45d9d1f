"""The unit under a real systemd: installed as by hand, started, killed, held up, restarted and stopped.

`python -m tests.systemd_live`, as root: a systemd of its own runs in namespaces of its own, over a copy of /etc, /opt
and /var/lib that is gone afterwards. Nothing of the machine is changed. Exit code 1 if anything is not as it should be.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.support.broker import Broker, broker_in, free_port
from tests.support.fleet import fleet
from tests.support.publisher import Publisher
from tests.support.waiting import until

ROOT = Path(__file__).parents[1]
_UNIT = "hourkeeper"
_TARGETS = ("sysinit", "basic", "shutdown", "sockets", "timers", "paths", "slices", "umount", "final", "local-fs")
_MORE_TARGETS = ("network", "network-online", "multi-user", "exit", "halt", "poweroff", "reboot")
_BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
for each in etc opt var/lib; do
    mkdir -p /run/over/$each/upper /run/over/$each/work
    mount -t overlay overlay -o lowerdir=/$each,upperdir=/run/over/$each/upper,workdir=/run/over/$each/work /$each
done
export container=other SYSTEMD_UNIT_PATH={units}
exec /lib/systemd/systemd --system --unit=default.target --log-target=console
"""
_LIMIT_S = 150
_PYTHON = "/usr/bin/python3"
"""The unit sees nobody's home, where a developer's own Python may be."""


class Machine:
    """What runs inside."""

    def __init__(self, systemd: int) -> None:
        self._enter = ["nsenter", "-t", str(systemd), "-m", "-p", "-u", "-i"]

    def run(self, *command: str) -> str:
        """What a command inside prints; it must succeed."""
        done = subprocess.run([*self._enter, *command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def shows(self, what: str) -> str:
        """A property of the unit."""
        return self.run("systemctl", "show", "--value", "-p", what, _UNIT).strip()

    def pid(self) -> int:
        """The daemon's, as it is seen from outside."""
        inside = self.shows("MainPID")
        command = ["pgrep", "-f", "/opt/hourkeeper/bin/hourkeeper"]
        found = [int(each) for each in subprocess.run(command, check=False, capture_output=True).stdout.split()]
        return next(each for each in found if _number_inside(each) == inside)


def _number_inside(pid: int) -> str:
    status = Path(f"/proc/{pid}/status").read_text() if Path(f"/proc/{pid}").exists() else ""
    found = re.search(r"^NSpid:.*?(\d+)$", status, re.MULTILINE)
    return found[1] if found else ""


@contextmanager
def _booted(folder: Path) -> Iterator[Machine]:
    units = folder / "lib/systemd/system"
    units.mkdir(parents=True)
    for name in (*_TARGETS, *_MORE_TARGETS):
        shutil.copy(f"/lib/systemd/system/{name}.target", units)
    (units / "default.target").write_text("[Unit]\nDescription=A machine to try the unit on\n")
    boot = folder / "boot"
    boot.write_text(_BOOT.format(units=units))
    spaces = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--uts", "--ipc"]
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen([*spaces, "bash", str(boot)], stdout=console, stderr=console)
    try:
        systemd = until(lambda: _child_of(process.pid), "systemd has been started")
        machine = Machine(systemd)
        until(lambda: _is_running(machine), f"systemd runs; {(folder / 'console').read_text()[-2000:]}")
        yield machine
    finally:
        process.kill()
        process.wait()


def _child_of(pid: int) -> int:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[0]) if found and "systemd" in Path(f"/proc/{found[0]}/cmdline").read_text() else 0


def _is_running(machine: Machine) -> bool:
    try:
        return machine.run("systemctl", "is-system-running").strip() == "running"
    except AssertionError:
        return False


def _install(machine: Machine, folder: Path, broker: Broker, port: int) -> None:
    environment = [f"SYSTEMD={folder}/lib", "EXTRAS=excel", f"PYTHON={_PYTHON}"]
    machine.run("make", "-C", str(ROOT), "install", *environment)
    machine.run("systemd-sysusers", "/lib/sysusers.d/basic.conf", f"{folder}/lib/sysusers.d/hourkeeper.conf")
    machine.run("systemd-tmpfiles", "--create", f"{folder}/lib/tmpfiles.d/hourkeeper.conf")
    _configure(machine, broker, port)
    machine.run("systemctl", "daemon-reload")


def _configure(machine: Machine, broker: Broker, port: int) -> None:
    config = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n[web]\nlisten = "127.0.0.1:{port}"\n'
    machine.run("sh", "-c", f"cat > /etc/hourkeeper/hourkeeper.toml <<'END'\n{config}\nEND")


def _answers(port: int) -> bool:
    try:
        return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _has_restarted(machine: Machine, before: int) -> bool:
    return int(machine.shows("NRestarts")) > before


def _tried(machine: Machine, broker: Broker, port: int) -> Iterator[str]:
    """One after the other; what was seen."""
    machine.run("systemctl", "start", _UNIT)
    assert machine.shows("ActiveState") == "active"
    until(lambda: _answers(port), "it is ready")
    yield "start returns when it is ready, /readyz answers 200"

    pid = machine.pid()
    status = Path(f"/proc/{pid}/status").read_text()
    uid, rights, privileges = (
        re.search(rf"^{name}:\s+(\w+)", status, re.MULTILINE) for name in ("Uid", "CapEff", "NoNewPrivs")
    )
    assert uid
    assert rights
    assert privileges
    assert (uid[1] != "0", int(rights[1], 16), privileges[1]) == (True, 0, "1")
    mode = machine.run("stat", "-L", "-c", "%a", "/var/lib/hourkeeper/").strip()
    assert mode == "700", mode
    yield f"it runs as uid {uid[1]} without any capability; its state is for it alone (0700)"

    publisher = Publisher(broker.port)
    publisher.publish([fleet(1, 1, 2).readings[-1].message()])
    command = "/opt/hourkeeper/bin/hourkeeper --config /etc/hourkeeper/hourkeeper.toml readings refused --format json"
    with_store = ["env", "STATE_DIRECTORY=/var/lib/hourkeeper", "sh", "-c", command]
    until(lambda: "M-0000" in machine.run(*with_store), "the reading is there")
    publisher.close()
    yield "a reading of an unknown machine is kept with its reason"

    for how, number, limit_s in (("kill -9", signal.SIGKILL, _LIMIT_S), ("held up (SIGSTOP)", signal.SIGSTOP, 300)):
        before, began = int(machine.shows("NRestarts")), time.monotonic()
        os.kill(machine.pid(), number)
        until(partial(_has_restarted, machine, before), f"{how}: it is restarted", limit_s)
        until(lambda: machine.shows("ActiveState") == "active" and _answers(port), f"{how}: it is ready again")
        yield f"{how}: ready again after {time.monotonic() - began:.0f} s"

    pid, port = machine.pid(), free_port()
    _configure(machine, broker, port)
    machine.run("systemctl", "reload", _UNIT)
    until(lambda: _answers(port), "it is ready on another port")
    until(lambda: machine.shows("ActiveState") == "active", "systemd knows that it is ready")
    assert machine.pid() == pid
    yield "reload: the same process, with the configuration as it is now"

    machine.run("systemctl", "restart", _UNIT)
    until(lambda: _answers(port), "it is ready after a restart")
    yield "restart: ready again"

    machine.run("systemctl", "stop", _UNIT)
    assert (machine.shows("ActiveState"), machine.shows("Result")) == ("inactive", "success")
    assert machine.shows("ExecMainStatus") == "0"
    yield "stop: ended in order, exit status 0"


def main() -> int:
    """Everything, or the first thing that is not as it should be."""
    if os.geteuid() != 0 or not Path("/lib/systemd/systemd").exists():
        print("this needs root, and systemd installed (it need not run)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="hourkeeper-systemd-", dir="/var/tmp") as name:
        folder, port = Path(name), free_port()
        with broker_in(folder / "broker") as broker, _booted(folder) as machine:
            _install(machine, folder, broker, port)
            try:
                for seen in _tried(machine, broker, port):
                    print(seen, flush=True)
            except AssertionError:
                print((folder / "console").read_text(errors="replace")[-4000:], file=sys.stderr)
                print(machine.run("sh", "-c", f"systemctl status {_UNIT} || true"), file=sys.stderr)
                raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
