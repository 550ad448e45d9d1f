"""Delivers what the outbox holds until it is told to stop, whatever the channels and the store do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial

import structlog

from adapters.store.engine import STORE_FAULTS
from adapters.store.outbox import ClaimLostError, StoreOutbox
from daemon.keeper import Keeper
from daemon.outbox import outbox_of
from daemon.pulse import Heartbeat
from notifications.channels.channel import Channel
from notifications.relay import Renders, RetryPolicy, deliver_one

_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_LAST_CHANCE_S = 5.0
_QUICK_S = 1.0
_log = structlog.stdlib.get_logger(__name__)


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

    Each channel has a thread of its own, so that a slow or dead one delays no other. Nothing that goes wrong ends them:
    it is logged, and tried again after pauses up to a minute. Letters that wait when it is stopped get a few seconds
    more, unless the last delivery was slow.
    """
    heartbeat = heartbeat or Heartbeat()
    outbox = outbox_of(keeper)
    deliver = partial(deliver_one, outbox, channels, renderer, clock, policy or RetryPolicy())
    lanes = [_Lane(name, partial(deliver, name), stop, heartbeat, monotonic) for name in channels]
    for lane in lanes:
        lane.start()
    faults = 0
    while not stop.is_set():
        heartbeat.beat()
        gathered = _survived(lambda: outbox.gather(clock()))
        rerouted = _survived(lambda: _deliver_strays(outbox, deliver, channels))
        for lane in lanes:
            lane.go()
        stop.wait(min(_PAUSE_S * 2**faults, _LONGEST_PAUSE_S))
        faults = 0 if gathered and rerouted else faults + 1
    for lane in lanes:
        lane.go()
    for lane in lanes:
        lane.join()


def _deliver_strays(outbox: StoreOutbox, deliver: Callable[[str], bool], channels: Collection[str]) -> None:
    """Letters of channels that are no longer configured go another way, or say what is wrong."""
    for channel in outbox.strays(channels):
        while deliver(channel):
            pass


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


class _Lane(threading.Thread):
    """One channel's letters, one after the other, with an eye on how long each takes."""

    def __init__(
        self,
        name: str,
        deliver: Callable[[], bool],
        stop: threading.Event,
        heartbeat: Heartbeat,
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__(name=f"relay {name}")
        self._deliver = deliver
        self._stopping = stop
        self._heartbeat = heartbeat
        self._monotonic = monotonic
        self._wanted = threading.Event()
        self._took_s = 0.0

    def go(self) -> None:
        """There may be letters, or it is time to end."""
        self._wanted.set()

    def run(self) -> None:
        """Deliver whenever there may be letters, until it is stopped."""
        faults = 0
        while not self._stopping.is_set():
            self._wanted.wait()
            self._wanted.clear()
            faults = 0 if _survived(lambda: self._until(self._stopping.is_set)) else faults + 1
            self._stopping.wait(min(_PAUSE_S * 2**faults, _LONGEST_PAUSE_S) if faults else 0)
        _survived(self._last_chance)

    def _until(self, stopped: Callable[[], bool]) -> None:
        """All that wait, or as many as go out before somebody says stop."""
        while not stopped() and self._one():
            pass

    def _last_chance(self) -> None:
        """What goes out quickly."""
        end = self._monotonic() + _LAST_CHANCE_S
        self._until(lambda: self._took_s > _QUICK_S or self._monotonic() >= end)

    def _one(self) -> bool:
        began = self._monotonic()
        try:
            return self._deliver()
        finally:
            self._took_s = self._monotonic() - began
            self._heartbeat.beat()
