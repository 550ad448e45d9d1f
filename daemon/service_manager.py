"""Tells the service manager how the daemon is: ready, stopping, and alive as long as every loop moves (sd_notify)."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

import structlog

from daemon.pulse import Pulse

log = structlog.get_logger("daemon")


class ServiceManager:
    """Whoever started us, if it wants to be told: `NOTIFY_SOCKET` of the environment; else nobody is told."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ` may also say how often it wants to hear that we are alive (`WATCHDOG_USEC`)."""
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        wanted_us = environ.get("WATCHDOG_USEC", "") if is_ours else ""
        self._reloading = False
        self._every_s = int(wanted_us) / 2_000_000 if wanted_us.isdecimal() else 0.0

    def say(self, state: str) -> None:
        """Tell it, in the words of sd_notify(3)."""
        if not self._address:
            return
        # It may be away for a moment; that is no reason to end.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(state.encode(), self._address)

    def is_reloading(self) -> None:
        """What ends now begins anew in the same process."""
        self._reloading = True

    def say_goodbye(self) -> None:
        """That we end, or begin anew."""
        self.say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}" if self._reloading else "STOPPING=1")

    def keep_told(self, pulse: Pulse, stop: threading.Event) -> None:
        """Say at half the wanted interval that we are alive, until `stop`; not while a loop hangs: it restarts us then.

        Loops move while they wait for a database or a broker that is away.
        """
        while self._every_s and not stop.wait(self._every_s):
            stalled = pulse.stalled()
            if stalled:
                log.error("loop_hangs", loops=stalled, advice="the service manager restarts us; report this as a fault")
            else:
                self.say("WATCHDOG=1")
