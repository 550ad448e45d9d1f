"""Start-up: from the command to `ready`, with few machines and with many."""

from __future__ import annotations

import time
from statistics import median

from tests.bench.bench import Bench
from tests.bench.report import Report
from tests.bench.sessions import LARGE_WINDOW, broker_settings
from tests.support.broker import Broker, broker_in
from tests.support.daemon_process import DaemonProcess, ended_in_the_end


def measure(bench: Bench, report: Report) -> None:
    """The sizes in turn, several rounds."""
    found: dict[int, list[float]] = {size: [] for size in bench.sizes}
    with broker_in(bench.folder / "broker", settings=broker_settings(LARGE_WINDOW)) as broker:
        for number in range(bench.rounds):
            for size in bench.sizes:
                found[size].append(_ready_after_s(bench, broker, size, number))
    report.table(
        "Start-up to ready, s",
        ("", "median", "least", "most"),
        [(f"{size:,} machines", median(times), min(times), max(times)) for size, times in found.items()],
    )
    least, most = bench.sizes[0], bench.sizes[-1]
    ratio = median(found[most]) / median(found[least])
    report.note(
        f"start-up to ready, {most:,} machines",
        f"{median(found[most]):.1f} s; {most:,} / {least:,} machines: {ratio:.2f}",
        "about 1",
    )


def _ready_after_s(bench: Bench, broker: Broker, size: int, number: int) -> float:
    settings = {
        "store": {"url": f"sqlite:///{bench.fleet(size).file}"},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }
    daemon = DaemonProcess(bench.folder / f"start-{size}-{number}", settings)
    with ended_in_the_end(daemon):
        began = time.monotonic()
        daemon.start()
        daemon.wait_for("ready")
        took_s = time.monotonic() - began
        daemon.end()
    return took_s
