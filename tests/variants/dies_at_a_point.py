"""Dies of SIGKILL at a named point, once it has come there so many times: `--die-at POINT:TIMES` after the command.

Without that it is the product. `POINTS` says where it can die; each lies between two effects that outsiders could see
apart.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection as StoreConnection
from sqlalchemy import event

from adapters.mqtt.buffered import BufferedSocket
from adapters.mqtt.client import Connection
from daemon.run import Parts
from notifications.channels.channel import Channel
from notifications.letter import Letter, Rendered
from tests.variants.launching import launch

POINTS = (
    "received",
    "before the commit",
    "after the commit",
    "half acknowledged",
    "acknowledged",
    "before the sweep's commit",
    "before letters are gathered",
    "claimed",
    "sent",
    "marked",
)
_OPTION = "--die-at"
_THREADS = {"MainThread": "sweep", "intake": "intake", "relay": "gathering"}
_AT_COMMIT = {
    "intake": "before the commit",
    "sweep": "before the sweep's commit",
    "gathering": "before letters are gathered",
}
_AFTER_COMMIT = {"intake": "after the commit", "marking": "marked"}


class _Fate:
    """Where and when this process dies; `doing` is what the thread is about, where its name does not say it."""

    def __init__(self) -> None:
        given = sys.argv[sys.argv.index(_OPTION) + 1] if _OPTION in sys.argv else ":0"
        self._point, _, times = given.partition(":")
        self._left = int(times)
        self.doing = threading.local()

    def come_to(self, point: str | None) -> None:
        """Die here, if it is time."""
        if point != self._point:
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def work(self) -> str:
        """What this thread does."""
        named: str = getattr(self.doing, "name", "")
        return named or _THREADS.get(threading.current_thread().name, "")


def main() -> None:
    """The daemon that dies."""
    fate = _Fate()
    launch(connection=_connection(fate), channel=lambda channel: _Sending(channel, fate), prepare=_watch_commits(fate))


def _watch_commits(fate: _Fate) -> Callable[[Parts], None]:
    """The pool gets a connection back after its commit, which the engine has announced."""

    def watch(parts: Parts) -> None:
        committing = threading.local()

        @event.listens_for(parts.keeper.store.engine, "commit")
        def at_commit(connection: StoreConnection) -> None:
            committing.writes = bool(connection.get_execution_options().get("writer"))
            if committing.writes:
                fate.come_to(_AT_COMMIT.get(fate.work()))

        @event.listens_for(parts.keeper.store.engine, "checkin")
        def given_back(_driver: object, _entry: object) -> None:
            if getattr(committing, "writes", False):
                committing.writes = False
                fate.come_to(_AFTER_COMMIT.get(fate.work()))
                fate.doing.name = ""

    return watch


def _connection(fate: _Fate) -> type[Connection]:
    class Dying(Connection):
        def _store_and_acknowledge(self, sock: BufferedSocket) -> None:
            if not self._batch:
                return
            fate.come_to("received")
            mids = list(self._mids)
            self._store(self._batch)
            del self._mids[len(mids) // 2 :]
            self._acknowledge(sock)
            fate.come_to("half acknowledged")
            self._mids[:] = mids[len(mids) // 2 :]
            self._acknowledge(sock)
            fate.come_to("acknowledged")
            self._forget()

    return Dying


class _Sending:
    """A channel; when it has delivered, the thread's next commit marks the letter."""

    def __init__(self, channel: Channel, fate: _Fate) -> None:
        self._channel = channel
        self._fate = fate
        self.name = channel.name

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> str | None:
        self._fate.come_to("claimed")
        answer = self._channel.deliver(letter, rendered, now)
        self._fate.come_to("sent")
        self._fate.doing.name = "marking"
        return answer


if __name__ == "__main__":
    main()
