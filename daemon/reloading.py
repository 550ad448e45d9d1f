"""SIGHUP: the configuration is read again, by beginning anew in the same process; a wrong one changes nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

import structlog

from daemon.service_manager import ServiceManager
from daemon.signals import on_signals

_GOES_ON = "everything goes on as it was configured before"
log = structlog.get_logger("daemon")


class Reload:
    """Somebody may ask for it; `check` looks through the configuration as it is now, and raises what is wrong."""

    def __init__(self, check: Callable[[], None], stop: threading.Event, manager: ServiceManager) -> None:
        """From now on SIGHUP asks for it."""
        self._check = check
        self._stop = stop
        self._manager = manager
        self._wanted = False
        on_signals((signal.SIGHUP,), self._ask)

    def _ask(self) -> None:
        try:
            self._check()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new one, the old one goes on
            problems = getattr(error, "problems", None) or [str(error)]
            log.error("reload_refused", problems=problems, meaning=_GOES_ON)  # noqa: TRY400 - the operator's fault
        else:
            log.info("reloading", meaning="what machines send meanwhile waits at the broker")
            self._wanted = True
            self._manager.is_reloading()
            self._stop.set()

    def begin_anew_if_wanted(self) -> None:
        """The same command in the same process, once everything has ended in order."""
        if self._wanted:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # one that comes too early must not end what begins
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
