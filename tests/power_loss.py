"""What would a loss of power cost? Nothing that was acknowledged: strace tells whether the disk was waited for before.

`python -m tests.power_loss`: the daemon takes readings under strace; then the same with two deliberately wrong daemons,
which must be found out. Exit code 1 if not everything is as it should be. Needs strace, and the right to trace.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.daemon_process import DaemonProcess
from tests.support.fleet import fleet
from tests.support.rig import rig_in
from tests.support.waiting import until

_LAUNCHERS = ("daemon.main", "tests.variants.synchronous_off", "tests.variants.acknowledged_before_commit")
_CALL = re.compile(r"^(?P<thread>[0-9]+) +(?P<name>fsync|fdatasync|sendto)\((?P<given>.*)\) += (?P<answer>-?[0-9]+)")
_RESUMED = re.compile(r"^(?P<thread>[0-9]+) +<\.\.\. (?P<name>fsync|fdatasync) resumed>.*= 0")
_PUBACK_TEXT = '"@\\2'


@dataclass(frozen=True, slots=True)
class Traced:
    """How often something was acknowledged, how often without the disk since the time before, and how often it was."""

    acknowledged: int
    without_disk: int
    synced: int

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} acknowledgements of batches, {self.synced} times the disk was waited for,"
            f" {self.without_disk} acknowledgements without it"
        )


class TracedDaemon(DaemonProcess):
    """A daemon under strace."""

    @property
    def trace(self) -> Path:
        """What it did."""
        return self.folder / "trace"

    def start(self) -> None:
        """Start it, traced from the beginning."""
        if self._command[0] != "strace":
            calls = ["strace", "-D", "-f", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,sendto", "-o", str(self.trace)]
            self._command = [*calls, *self._command]
        super().start()


def traced(folder: Path, launcher: str) -> Traced:
    """A daemon takes readings in small batches."""
    machines = fleet(5, 10, 100)
    with rig_in(folder, machines, launcher=[launcher], mqtt={"batch": 20}, daemon_class=TracedDaemon) as rig:
        rig.daemon.start_ready()
        rig.publish(machines.readings)
        rig.drain()
        assert isinstance(rig.daemon, TracedDaemon)
        trace = rig.daemon.trace
        until(lambda: trace.read_text(errors="replace").endswith("exited with 0 +++\n"), "the trace is whole")
        return _judged(trace.read_text(errors="replace").splitlines())


def _judged(lines: Sequence[str]) -> Traced:
    """Commit and acknowledgement are one thread's, so that their order in the trace is their order in time."""
    pending: set[str] = set()
    acknowledged = without = synced = 0
    for line in lines:
        done = _CALL.match(line)
        resumed = _RESUMED.match(line)
        if resumed or (done and done["name"] != "sendto" and done["answer"] == "0"):
            found = resumed or done
            assert found is not None
            pending.add(found["thread"])
            synced += 1
        elif done and f", {_PUBACK_TEXT}" in done["given"]:
            acknowledged += 1
            without += done["thread"] not in pending
            pending.discard(done["thread"])
    return Traced(acknowledged, without, synced)


def main() -> int:
    """The daemon, and the wrong ones."""
    if shutil.which("strace") is None:
        print("strace is not installed (Debian: apt install strace)", file=sys.stderr)
        return 1
    wrong = 0
    for launcher in _LAUNCHERS:
        with tempfile.TemporaryDirectory(prefix="hourkeeper-power-") as folder:
            found = traced(Path(folder), launcher)
        is_ours = launcher == _LAUNCHERS[0]
        fine = found.acknowledged > 0 and (found.without_disk == 0) is is_ours
        wrong += not fine
        print(f"{launcher}: {found}: {'as it should be' if fine else 'WRONG'}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
