"""Memory while a flood is drained: the whole daemon, its resident memory sampled, and the peak the kernel knows."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

from tests.bench.bench import Bench
from tests.bench.publisher import publish
from tests.bench.report import Report
from tests.bench.sessions import LARGE_WINDOW, V5, broker_settings, make_session
from tests.bench.stream import readings
from tests.support.broker import broker_in
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.process_status import status_mb

_LIMIT_MB = 150
_SAMPLE_S = 0.5
_STUCK_AFTER_S = 120.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Stored readings, resident MB, and MB at the peak so far."""

    at_s: float
    stored: int
    resident_mb: float
    peak_mb: float


def measure(bench: Bench, report: Report) -> None:
    """Queue the flood, then start the daemon."""
    folder = bench.folder / "flood"
    with broker_in(folder / "broker", settings=broker_settings(LARGE_WINDOW)) as broker:
        make_session(broker.port, "hourkeeper", V5)
        publish(broker.port, readings(bench.small.file, bench.flood, bench.now_ms))
        daemon = DaemonProcess(folder, {"mqtt": {"host": "127.0.0.1", "port": broker.port}})
        shutil.copy(bench.small.file, daemon.store)
        with ended_in_the_end(daemon):
            samples = _drained(daemon, bench.flood)
    shutil.rmtree(folder)
    _print(report, bench.flood, samples)


def _drained(daemon: DaemonProcess, flood: int) -> list[Sample]:
    before = daemon.count("SELECT max(id) FROM readings")
    daemon.start()
    assert daemon.process is not None
    began = time.monotonic()
    samples: list[Sample] = []
    while not samples or samples[-1].stored < flood:
        resident, peak = (status_mb(daemon.process.pid, field) for field in ("VmRSS", "VmHWM"))
        stored = daemon.count("SELECT max(id) FROM readings") - before
        samples.append(Sample(time.monotonic() - began, stored, resident, peak))
        _see_progress(samples)
        time.sleep(_SAMPLE_S)
    daemon.end()
    return samples


def _see_progress(samples: list[Sample]) -> None:
    last = samples[-1]
    since = next(sample.at_s for sample in samples if sample.stored == last.stored)
    if last.at_s - since > _STUCK_AFTER_S:
        raise AssertionError(f"{last.stored} readings are stored, and no more come")


def _print(report: Report, flood: int, samples: list[Sample]) -> None:
    quarters = [next(each for each in samples if each.stored >= flood * part // 4) for part in range(5)]
    rows = [(f"{each.stored:,} stored", each.at_s, each.resident_mb, each.peak_mb) for each in quarters]
    report.table(f"The daemon drains {flood:,} messages", ("", "s", "resident MB", "peak MB"), rows)
    peak = samples[-1].peak_mb
    verdict = "pass" if peak <= _LIMIT_MB else "FAIL"
    print(f"  {verdict}: {peak:.0f} MB of {_LIMIT_MB} MB; {flood / samples[-1].at_s:,.0f} readings/s all the way")
    report.note(f"memory while {flood:,} messages are drained", f"{peak:.0f} MB ({verdict})", f"≤ {_LIMIT_MB} MB")
