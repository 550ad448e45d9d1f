"""Intake: how fast a backlog becomes durable, beside what paho alone, a plain script and mosquitto_sub do with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.bench import Bench
from tests.bench.consumers.stopwatch import Drained
from tests.bench.publisher import publish
from tests.bench.report import Report
from tests.bench.sessions import DEFAULT_WINDOW, LARGE_WINDOW, TOPICS, V3, V5, broker_settings, make_session
from tests.bench.stream import readings
from tests.support.broker import broker_in

HOURKEEPER, PAHO, SCRIPT, SUB = "hourkeeper", "bare paho", "plain script", "mosquitto_sub"
_MODULES = {HOURKEEPER: "hourkeeper_intake", PAHO: "bare_paho", SCRIPT: "plain_script"}
_FLOOR, _GOAL = 0.6, 0.75
_HANGS_AFTER_S = 600
Runner = tuple[str, str]
"""Which program, and which protocol."""
RUNNERS: tuple[Runner, ...] = (
    (HOURKEEPER, V3),
    (PAHO, V3),
    (SCRIPT, V3),
    (SUB, V3),
    (HOURKEEPER, V5),
    (PAHO, V5),
    (SCRIPT, V5),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One broker with one backlog for every runner."""

    bench: Bench
    port: int
    receive_maximum: int

    def load(self, messages: int) -> None:
        """Make everybody's session, then publish once: the broker queues it for all."""
        for program, protocol in RUNNERS:
            make_session(self.port, f"{program}-{protocol}", protocol)
        publish(self.port, readings(self.bench.small.file, messages, self.bench.now_ms))

    def drain(self, runner: Runner, messages: int) -> Drained:
        """One runner takes its backlog."""
        program, protocol = runner
        if program == SUB:
            return drain_by_mosquitto_sub(self.port, f"{program}-{protocol}", messages)
        window = self.receive_maximum if protocol == V5 else 0
        file = self.bench.folder / "drained.db"
        if program == HOURKEEPER:
            shutil.copy(self.bench.small.file, file)
        arguments = [str(self.port), f"{program}-{protocol}", protocol, str(window), str(messages), f"sqlite:///{file}"]
        found = drain(_MODULES[program], arguments)
        for left in self.bench.folder.glob("drained.db*"):
            left.unlink()
        if found.rows not in {None, messages}:
            raise AssertionError(f"{runner}: {found.rows} rows of {messages} messages")
        return found


def drain(module: str, arguments: Sequence[str]) -> Drained:
    """Run a consumer; what it says of itself."""
    command = [sys.executable, "-m", f"tests.bench.consumers.{module}", *arguments]
    process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=_HANGS_AFTER_S)
    return Drained(**json.loads(process.stdout.splitlines()[-1]))


def drain_by_mosquitto_sub(port: int, client_id: str, messages: int) -> Drained:
    """mosquitto_sub says nothing of itself: its whole life is measured."""
    command = ["mosquitto_sub", "-p", str(port), "-i", client_id, "-c", "-q", "1", "-t", TOPICS, "-C", str(messages)]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Drained(messages, time.monotonic() - began, usage.ru_utime + usage.ru_stime)


def measure(bench: Bench, report: Report) -> None:
    """Both windows, several rounds, every round another order."""
    for window in (DEFAULT_WINDOW, LARGE_WINDOW):
        found = _rounds(bench, window)
        _print(report, bench, window, found)


def _rounds(bench: Bench, window: int) -> dict[Runner, list[Drained]]:
    found: dict[Runner, list[Drained]] = {runner: [] for runner in RUNNERS}
    for number in range(bench.rounds):
        turned = RUNNERS[number % len(RUNNERS) :] + RUNNERS[: number % len(RUNNERS)]
        with broker_in(bench.folder / "broker", settings=broker_settings(window)) as broker:
            this = Round(bench, broker.port, 0 if window == DEFAULT_WINDOW else window)
            this.load(bench.messages)
            for runner in turned:
                found[runner].append(this.drain(runner, bench.messages))
    return found


def _print(report: Report, bench: Bench, window: int, found: dict[Runner, list[Drained]]) -> None:
    rates = {runner: median(each.per_second for each in runs) for runner, runs in found.items()}
    rows = [
        (program, protocol, rates[program, protocol], median(each.cpu_us for each in runs), *_ratios(found, runner))
        for runner in RUNNERS
        for (program, protocol), runs in [(runner, found[runner])]
    ]
    what = "the broker's default window of 20" if window == DEFAULT_WINDOW else f"a window of {window:,}"
    title = f"Intake: {bench.messages:,} QoS 1 readings of {bench.small.size:,} machines, {what}, {bench.rounds} rounds"
    report.table(title, ("", "MQTT", "messages/s", "CPU us each", "/ paho", "/ script", "/ sub", "by CPU / paho"), rows)
    _summarise(report, window, found, rates)


def _ratios(found: dict[Runner, list[Drained]], runner: Runner) -> list[float]:
    protocol = runner[1]
    rates = [ratio(found, runner, other) for other in ((PAHO, protocol), (SCRIPT, protocol), (SUB, V3))]
    return [*rates, cpu_ratio(found, runner, (PAHO, protocol))]


def ratio(found: dict[Runner, list[Drained]], mine: Runner, theirs: Runner) -> float:
    """The median of the rounds' ratios of rates."""
    return median(a.per_second / b.per_second for a, b in zip(found[mine], found[theirs], strict=True))


def cpu_ratio(found: dict[Runner, list[Drained]], mine: Runner, theirs: Runner) -> float:
    """The same of messages per second of the reader's own CPU time: what others do to the machine matters less."""
    return median(b.cpu_us / a.cpu_us for a, b in zip(found[mine], found[theirs], strict=True))


def _summarise(report: Report, window: int, found: dict[Runner, list[Drained]], rates: dict[Runner, float]) -> None:
    where = f"window {window:,}"
    for protocol in (V3, V5):
        mine, paho = (HOURKEEPER, protocol), (PAHO, protocol)
        report.note(f"durable readings/s, MQTT {protocol}, {where}", f"{rates[mine]:,.0f}")
        report.note(f"… / bare paho {protocol}", _both(found, mine, paho), f"≥ {_FLOOR}")
        report.note(f"… / plain script {protocol}", _both(found, mine, (SCRIPT, protocol)))
    best = max([(HOURKEEPER, V3), (HOURKEEPER, V5)], key=lambda runner: rates[runner])
    report.note(f"best of both / bare paho 3.1.1, {where}", _both(found, best, (PAHO, V3)), f"≥ {_GOAL}")
    report.note(f"best of both / mosquitto_sub, {where}", _both(found, best, (SUB, V3)))


def _both(found: dict[Runner, list[Drained]], mine: Runner, theirs: Runner) -> str:
    return f"{ratio(found, mine, theirs):.2f} (by CPU {cpu_ratio(found, mine, theirs):.2f})"
