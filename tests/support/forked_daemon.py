"""A daemon that is forked from a parent which has imported it, where that is wanted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.daemon_process import DaemonProcess
from tests.support.rig import Rig
from tests.support.zygote import Zygote


class ForkedDaemon(DaemonProcess):
    """With `zygote` None it is started from nothing; `more` are further arguments."""

    zygote: Zygote | None = None
    more: tuple[str, ...] = ()

    def start(self) -> None:
        """Start it; returns at once."""
        if self.zygote is None:
            super().start()
            return
        self.log.touch()  # what waits for an event may look before the fork has written
        self._since = self.log.stat().st_size
        self.process = self.zygote.fork([*self.arguments, *self.more], self.log)


@contextmanager
def zygote_of(rig: Rig, launcher: str) -> Iterator[Zygote]:
    """A parent of daemons whose `main` is that of `launcher`; the last daemon ends before it."""
    zygote = Zygote(launcher)
    try:
        yield zygote
    finally:
        if rig.daemon.is_up():
            rig.daemon.end(signal.SIGKILL)
        zygote.close()
