"""Broker, daemon, mail server and machines together: the world in which the daemon is killed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.broker import Broker, broker_in
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.fleet import MANAGER, MANAGER_MAIL, Fleet, Planned, fleet, register
from tests.support.ledger import Breaches, all_breaches
from tests.support.mail import Mailbox, mailbox
from tests.support.publisher import Message, Publisher
from tests.support.waiting import until

_STORED = "SELECT count(*) FROM readings"
_WAITING = """
SELECT (SELECT count(*) FROM letters WHERE state = 'waiting')
     + (SELECT count(*) FROM notices WHERE letter_id IS NULL AND dropped IS NULL
          AND occasion NOT IN ('visit_upcoming', 'self_service_upcoming'))
"""


@dataclass
class Rig:
    """`settings` are the daemon's; `planned` are the readings by the message that carries them; `acknowledged` those
    the broker has taken.
    """

    broker: Broker
    daemon: DaemonProcess
    mailbox: Mailbox
    fleet: Fleet
    publisher: Publisher
    settings: dict[str, Any]
    planned: dict[Message, Planned] = field(default_factory=dict)

    @property
    def acknowledged(self) -> list[Planned]:
        """The ledger."""
        return [self.planned[message] for message in self.publisher.acknowledged]

    def publish(self, readings: Sequence[Planned]) -> None:
        """Send readings; returns when the broker has acknowledged all."""
        messages = [reading.message() for reading in readings]
        self.planned.update(zip(messages, readings, strict=True))
        self.publisher.publish(messages)

    def subscribe_first(self) -> None:
        """Start the daemon once, so that its session is there before the first machine speaks."""
        self.daemon.start_ready()
        self.daemon.end()

    def drain(self, limit_s: float = 120) -> None:
        """Wait until the daemon has taken everything, told everybody, and ended in order.

        Messages of a session come in order: when the last one is stored, all others have been delivered.
        """
        last = fleet(1, 1, 2, prefix=f"LAST-{len(self.planned)}").readings[-1]
        self.publish([last])
        self._let_it_catch_up(last, limit_s)
        self.end_leases()
        until(lambda: not self.daemon.count(_WAITING), f"all letters are sent; {self.daemon.says()}", limit_s)
        code = self.daemon.end()
        assert code == 0, self.daemon.says()

    def _let_it_catch_up(self, last: Planned, limit_s: float) -> None:
        """However long it takes, as long as it goes on."""
        stored = -1
        while not self._is_stored(last):
            stored = until(partial(self._goes_on, last, stored), "one more reading is stored", limit_s)

    def _goes_on(self, last: Planned, stored: int) -> int:
        """How many are stored by now, if it is more than that, or everything; else 0."""
        found = self.daemon.count(_STORED)
        return found if found > stored or self.has_taken(last) else 0

    def _is_stored(self, reading: Planned) -> bool:
        assert self.daemon.is_up(), self.daemon.says()
        return self.has_taken(reading)

    def has_taken(self, reading: Planned) -> bool:
        """Whether something of this reading's machine is stored."""
        return bool(self.daemon.count("SELECT count(*) FROM readings WHERE machine_id = ?", reading.machine_id))

    def is_idle(self) -> bool:
        """Whether all that was published is stored, and everybody concerned is told."""
        taken = self.daemon.count("SELECT count(*) FROM readings WHERE machine_id NOT LIKE 'LAST-%'")
        return taken >= len({each.identity for each in self.acknowledged}) and not self.daemon.count(_WAITING)

    def end_leases(self) -> None:
        """Killed daemons hold letters for a quarter of an hour: let it be over."""
        self.daemon.database.does("UPDATE letters SET next_ms = 0 WHERE state = 'waiting'")

    def breaches(self) -> Breaches:
        """What does not hold."""
        return all_breaches(self.daemon.database, self.fleet.warranties, self.acknowledged, self.mailbox)


@contextmanager
def rig_in(
    folder: Path,
    machines: Fleet,
    *,
    launcher: Sequence[str] = (),
    broker: dict[str, Any] | None = None,
    mqtt: dict[str, Any] | None = None,
    store: str | None = None,
    daemon_class: type[DaemonProcess] = DaemonProcess,
) -> Iterator[Rig]:
    """Everything started but the daemon; the machines are registered, and the daemon's session is known."""
    with mailbox() as mails, broker_in(folder / "broker", **(broker or {})) as running:
        settings = {
            "mqtt": {"host": "127.0.0.1", "port": running.port, **(mqtt or {})},
            "web": {"listen": "127.0.0.1:0"},
            "notifications": {
                "locale": "en",
                "group_wait_s": 0.2,
                "email": mails.settings,
                "managers": [{"name": MANAGER, "email": MANAGER_MAIL}],
            },
            **({} if store is None else {"store": {"url": store}}),
        }
        with (
            closing(Publisher(running.port)) as publisher,
            ended_in_the_end(daemon_class(folder / "daemon", settings, launcher)) as daemon,
        ):
            with daemon.keeper() as keeper:
                register(keeper, machines.warranties)
            yield Rig(running, daemon, mails, machines, publisher, settings)
