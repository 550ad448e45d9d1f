"""Delivers what the outbox holds until it is told to stop, whatever the channels and the store do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from adapters.store.engine import STORE_FAULTS
from adapters.store.outbox import ClaimLostError
from daemon.keeper import Keeper
from daemon.outbox import outbox_of
from notifications.channels.channel import Channel
from notifications.relay import Renders, RetryPolicy, deliver_one

_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_LAST_CHANCE_S = 5.0
_QUICK_S = 1.0
_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Heartbeat:
    """When a loop last moved, in seconds of the monotonic clock; waiting after a fault is moving, too."""

    at: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """It moves."""
        self.at = time.monotonic()


def run_relay(
    keeper: Keeper,
    channels: Mapping[str, Channel],
    renderer: Renders,
    clock: Callable[[], int],
    stop: threading.Event,
    policy: RetryPolicy | None = None,
    heartbeat: Heartbeat | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Gather and deliver about once a second until `stop` is set; `clock` gives ms since 1970, `monotonic` seconds.

    Nothing that goes wrong ends it: it is logged, and tried again after pauses up to a minute. Letters that wait
    when it is stopped get a few seconds more, unless the last delivery was slow.
    """
    heartbeat = heartbeat or Heartbeat()
    outbox = outbox_of(keeper)
    deliver = partial(deliver_one, outbox, channels, renderer, clock, policy or RetryPolicy())
    deliveries = _Deliveries(deliver, heartbeat, monotonic)
    faults = 0
    while not stop.is_set():
        heartbeat.beat()
        gathered = _survived(lambda: outbox.gather(clock()))
        delivered = _survived(lambda: deliveries.until(stop.is_set))
        stop.wait(min(_PAUSE_S * 2**faults, _LONGEST_PAUSE_S))
        faults = 0 if gathered and delivered else faults + 1
    _survived(deliveries.last_chance)


def _survived(work: Callable[[], object]) -> bool:
    """Do it; whether it went well. A fault is logged."""
    try:
        work()
    except ClaimLostError as lost:
        _log.warning("notice_taken_over", reason=str(lost))
    except STORE_FAULTS as fault:
        _log.warning("relay_postponed", error=str(fault).splitlines()[0])
        return False
    except Exception:  # noqa: BLE001 - whatever it is, the letters after it must go out
        _log.exception("relay_failed")
        return False
    return True


class _Deliveries:
    """Letters one after the other, with an eye on how long each takes."""

    def __init__(self, deliver: Callable[[], bool], heartbeat: Heartbeat, monotonic: Callable[[], float]) -> None:
        self._deliver = deliver
        self._heartbeat = heartbeat
        self._monotonic = monotonic
        self._took_s = 0.0

    def until(self, stopped: Callable[[], bool]) -> None:
        """All that wait, or as many as go out before somebody says stop."""
        while not stopped() and self._one():
            pass

    def last_chance(self) -> None:
        """What goes out quickly."""
        end = self._monotonic() + _LAST_CHANCE_S
        self.until(lambda: self._took_s > _QUICK_S or self._monotonic() >= end)

    def _one(self) -> bool:
        began = self._monotonic()
        try:
            return self._deliver()
        finally:
            self._took_s = self._monotonic() - began
            self._heartbeat.beat()
