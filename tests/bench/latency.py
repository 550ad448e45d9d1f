"""Latency at a tenth of the greatest rate: from publish to committed row, and from publish to the letter's arrival."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median, quantiles

from tests.bench.bench import Bench
from tests.bench.consumers.stopwatch import BEGUN
from tests.bench.intake import drain
from tests.bench.letter import letter_times
from tests.bench.publisher import Pipeline, publish
from tests.bench.report import Report
from tests.bench.sessions import LARGE_WINDOW, V3, V5, broker_settings, make_session
from tests.bench.stream import readings
from tests.support.broker import broker_in
from tests.support.publisher import Message

_MODULE = "hourkeeper_intake"
_PROBE = 20_000
_SECONDS = 10


def measure(bench: Bench, report: Report) -> None:
    """Both protocols, then the letters."""
    rows = []
    with broker_in(bench.folder / "broker", settings=broker_settings(LARGE_WINDOW)) as broker:
        for protocol in (V3, V5):
            rate = _greatest_rate(bench, broker.port, protocol) / 10
            p50, p99, worst = _spread(_times(bench, broker.port, protocol, rate))
            rows.append((f"MQTT {protocol}", rate, p50, p99, worst))
            report.note(
                f"publish → committed, MQTT {protocol}, {rate:,.0f} readings/s", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"
            )
    report.table("Latency from publish to committed row, ms", ("", "readings/s", "p50", "p99", "worst"), rows)
    letters = letter_times(bench)
    rows = [("publish → letter accepted by the mail server", len(letters), min(letters), median(letters), max(letters))]
    report.table("A reading passes a threshold (group_wait_s 0), s", ("", "letters", "least", "median", "most"), rows)
    report.note("publish → letter arrived (group_wait_s 0)", f"{median(letters):.1f} s")


def _greatest_rate(bench: Bench, port: int, protocol: str) -> float:
    make_session(port, f"probe-{protocol}", protocol)
    publish(port, readings(bench.small.file, _PROBE, bench.now_ms))
    return drain(_MODULE, _arguments(bench, port, f"probe-{protocol}", protocol, _PROBE)).per_second


def _arguments(bench: Bench, port: int, client_id: str, protocol: str, messages: int) -> list[str]:
    file = bench.folder / f"{client_id}.db"
    shutil.copy(bench.small.file, file)
    return [str(port), client_id, protocol, "0", str(messages), f"sqlite:///{file}"]


def _times(bench: Bench, port: int, protocol: str, rate: float) -> list[float]:
    """How long each reading took, in ms: sent in this process, committed in hourkeeper's."""
    messages, file = int(rate * _SECONDS), bench.folder / f"committed-{protocol}"
    client_id = f"even-{protocol}"
    make_session(port, client_id, protocol)
    with _started([*_arguments(bench, port, client_id, protocol, messages), str(file)]) as process:
        sent = _sent(port, readings(bench.small.file, messages, bench.now_ms), rate)
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, _MODULE)
    return _differences(sent, file)


def _started(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """hourkeeper's intake, which listens."""
    command = [sys.executable, "-m", f"tests.bench.consumers.{_MODULE}", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while process.stdout.readline().strip() != BEGUN:
        assert process.poll() is None, "the consumer has ended"
    return process


def _sent(port: int, messages: Iterable[Message], rate: float) -> list[int]:
    pipeline = Pipeline(port)
    time.sleep(0.2)  # what a start-up does to the processor is not the latency that is asked for
    sent = pipeline.publish_evenly(messages, rate)
    pipeline.close()
    return sent


def _differences(sent: Sequence[int], file: Path) -> list[float]:
    """One publisher and one consumer: the order of sending is the order of arrival."""
    committed = [int(line) for line in file.read_text().split()]
    return [(after - before) / 1e6 for before, after in zip(sent, committed, strict=True)]


def _spread(times: Sequence[float]) -> tuple[float, float, float]:
    cuts = quantiles(times, n=100)
    return cuts[49], cuts[98], max(times)
