"""The demonstration goes on live: the daemon's own parts on the embedded broker, and machines that publish to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from adapters.mqtt.publisher import Publisher
from daemon import run as daemon
from daemon.clock import clock_ms
from daemon.fleet.live import payload, reports
from daemon.fleet.story import Year
from daemon.fleet.worker import Worker

_IN_FLIGHT = 50


class LiveError(Exception):
    """The daemon's parts did not come up."""


@contextmanager
def live(parts: daemon.Parts, stop: threading.Event) -> Iterator[Publisher]:
    """The daemon's parts, subscribed, and a publisher beside them, while the block runs; `stop` is set in the end."""
    runner = threading.Thread(target=daemon.run, args=(parts, stop), name="daemon")
    publisher = Publisher(parts.mqtt, _IN_FLIGHT)
    runner.start()
    try:
        publisher.open()
        publisher.await_retained(parts.mqtt.status_topic, b"online", lambda: stop.is_set() or not runner.is_alive())
        if not runner.is_alive() and not stop.is_set():
            raise LiveError("the daemon's parts did not come up; the log above says why")
        yield publisher
    finally:
        stop.set()
        publisher.close()
        runner.join()


def publish_all(publisher: Publisher, workers: Sequence[Worker], year: Year, stop: threading.Event) -> None:
    """Publish what the machines report until `stop` is set."""
    began, began_ms = time.monotonic(), clock_ms()
    for report in reports(workers):
        if stop.wait(max(0.0, began + report.after_s - time.monotonic())):
            return
        text = payload(report.worker, year, began_ms, clock_ms())
        publisher.publish(f"machines/{report.worker.sold.machine_id}/hours", text, stop.is_set)


@contextmanager
def in_background(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """`work` in a thread while the block runs; then `stop` is set, and it ends."""
    thread = threading.Thread(target=work, name="machines")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
