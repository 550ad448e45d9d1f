"""Kills the relay at random moments while it hands letters to a mail server, and counts what was lost or doubled.

`python -m tests.relay_kills --kills 200 --seed S`: a real store, a real SMTP listener, and a relay that is killed with
SIGKILL again and again: at any moment of its life, while a recipient is named, or just when a letter was accepted.
Every letter must arrive; a second copy must bear the same Message-ID and be explained by a kill between sending and
marking. Then the same with a relay that marks before it sends: it must be found out. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog
from sqlalchemy import select, update

from adapters.store.tables import letters
from daemon.keeper import Keeper
from daemon.relay_loop import run_relay
from notifications.channels.email import EmailChannel, MailServer, Security
from notifications.channels.email_message import message_id
from notifications.letter import Letter, Rendered
from notifications.rendering import Renderer
from tests.keeping import MINUTE, World, at, open_keeper
from tests.notifications.mail_server import Script, mail_server
from tests.support.waiting import until

_LETTERS_PER_KILL = 12
_LETTERS_OF_THE_WRONG_ONE = 4
_SENDER = "hourkeeper@maker.example"
_LONGEST_LIFE_S = 0.5
POINTS = ("at a recipient", "at an acceptance", "any moment")
_MOST_BEFORE = 4
_LOOK_S = 0.05
_FORKS = multiprocessing.get_context("forkserver")


class Hasty(Renderer):
    """Makes a wrong relay: what it is about to send is marked as sent already."""

    def __init__(self, keeper: Keeper) -> None:
        super().__init__(keeper.items_of)
        self._keeper = keeper

    def render(self, letter: Letter) -> Rendered:
        """Mark it, and write it."""
        with self._keeper.store.write() as connection:
            mine = letters.c.letter_id == letter.letter_id
            connection.execute(update(letters).where(mine).values(state="sent", claim=None))
        return super().render(letter)


def relay(file: Path, port: int, now_ms: int, *, hasty: bool) -> None:
    """What a relay's process does until it is killed."""
    keeper = open_keeper(file, busy_ms=60_000)
    channel = EmailChannel(MailServer("127.0.0.1", port, _SENDER, Security.NONE))
    renderer = Hasty(keeper) if hasty else Renderer(keeper.items_of)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    run_relay(keeper, {"email": channel}, renderer, lambda: now_ms, threading.Event())


class Accepted(list[tuple[str, list[str], EmailMessage]]):
    """What the mail server has taken; `at_letter` happens before it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.at_letter: Callable[[], object] = lambda: None

    def append(self, one: tuple[str, list[str], EmailMessage]) -> None:
        super().append(one)
        self.at_letter()


@dataclass
class Outcome:
    """What a loop did, and what was wrong afterwards."""

    kills: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    accepted: int = 0
    in_the_window: int = 0
    extra: int = 0
    lost: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    other_ids: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __bool__(self) -> bool:
        """Whether something is wrong."""
        return bool(self.lost or self.unexplained or self.other_ids)

    def __str__(self) -> str:
        points = ", ".join(f"{count} {point}" for point, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({points}) in {self.seconds:.0f} s; {self.letters} letters,"
            f" {self.accepted} accepted by the mail server\n"
            f"lost: {len(self.lost)}; extra copies: {self.extra}, after {self.in_the_window} kills between sending and"
            f" marking; extra without such a kill: {len(self.unexplained)}; recipients with two Message-IDs:"
            f" {len(self.other_ids)}"
        )


class Loop:
    """One store and one mail server, and relays that live and die on them."""

    def __init__(self, folder: Path, letters_due: int, port: int, script: Script, *, hasty: bool) -> None:
        self._world = World(folder / "relay.db")
        self._port, self._script, self._hasty = port, script, hasty
        self._killed_after_sending: Counter[str] = Counter()
        self.outcome = Outcome()
        _fill(self._world, letters_due)

    def kill_one(self, point: str, draw: random.Random) -> None:
        """A relay's life, from its start to the SIGKILL."""
        process = self._started()
        before = len(self._script.accepted)
        with self._killing(process, point, draw):
            self._see_it_end(process)
        self.outcome.kills[point] += 1
        for message in self._held():
            sent = [str(each["Message-ID"]) for _, _, each in list(self._script.accepted)[before:]]
            self._killed_after_sending[message] += message in sent
        self._let_leases_end()

    def _see_it_end(self, process: BaseProcess) -> None:
        """Wait for the kill; a relay that has nothing left to send is killed now."""
        while process.is_alive():
            process.join(_LOOK_S)
            if not self._waiting():
                process.kill()

    @contextmanager
    def _killing(self, process: BaseProcess, point: str, draw: random.Random) -> Iterator[None]:
        left = draw.randrange(_MOST_BEFORE)

        def count_down() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                process.kill()

        accepted = self._script.accepted
        assert isinstance(accepted, Accepted)
        if point == "at a recipient":
            self._script.at_recipient = count_down
        elif point == "at an acceptance":
            accepted.at_letter = count_down
        else:
            # The moment of the kill is the fault itself; nothing waits for it.
            time.sleep(draw.uniform(0, _LONGEST_LIFE_S))
            process.kill()
        yield
        self._script.at_recipient = accepted.at_letter = lambda: None

    def end(self) -> Outcome:
        """A last relay sends what is left; what came of it all."""
        process = self._started()
        until(lambda: not self._waiting(), "everything is sent")
        process.kill()
        process.join()
        self._count()
        return self.outcome

    def _started(self) -> BaseProcess:
        given = (self._world.file, self._port, self._world.now_ms)
        process = _FORKS.Process(target=relay, args=given, kwargs={"hasty": self._hasty})
        process.start()
        return process

    def _count(self) -> None:
        found, copies = self.outcome, Counter(str(each["Message-ID"]) for _, _, each in self._script.accepted)
        with self._world.keeper.store.read() as connection:
            rows = connection.execute(select(letters)).all()
        ids = {_message_of(row.letter_id): row for row in rows}
        by_recipient: dict[str, set[str]] = {}
        for _, (to,), message in self._script.accepted:
            by_recipient.setdefault(to, set()).add(str(message["Message-ID"]))
        found.letters, found.accepted = len(rows), copies.total()
        found.in_the_window = self._killed_after_sending.total()
        found.extra = copies.total() - len(copies)
        found.lost = [message for message, row in ids.items() if row.state != "sent" or not copies[message]]
        found.unexplained = [
            message for message, count in copies.items() if count - 1 > self._killed_after_sending[message]
        ]
        found.other_ids = [to for to, messages in by_recipient.items() if len(messages) > 1]

    def _held(self) -> list[str]:
        """The letters that a killed relay had taken and not marked."""
        held = select(letters.c.letter_id).where(letters.c.state == "waiting", letters.c.claim.isnot(None))
        with self._world.keeper.store.read() as connection:
            return [_message_of(each) for each in connection.execute(held).scalars()]

    def _let_leases_end(self) -> None:
        with self._world.keeper.store.write() as connection:
            connection.execute(update(letters).where(letters.c.state == "waiting").values(next_ms=0))

    def _waiting(self) -> bool:
        with self._world.keeper.store.read() as connection:
            states = set(connection.execute(select(letters.c.state).distinct()).scalars())
        return states != {"sent"}


def _message_of(letter_id: str) -> str:
    return message_id(letter_id, _SENDER.rpartition("@")[2])


def _fill(world: World, letters_due: int) -> None:
    """A letter for each of so many customers, of a visit that is overdue."""
    world.registers()
    world.now_ms = at("2025-03-03 10:00")
    for number in range(letters_due):
        address = f"c{number}@customer.example"
        world.sells(f"L{number}", customer=f"customer {number}", customer_email=address, service_centre=None)
    world.goes_to("2025-03-13 00:00")
    world.now_ms += MINUTE


def kill_loop(folder: Path, kills: int, seed: int, *, hasty: bool = False) -> Outcome:
    """Kill so many relays; `hasty`: the wrong one."""
    began, draw = time.monotonic(), random.Random(seed)
    _FORKS.set_forkserver_preload([__name__])
    script = Script(accepted=Accepted())
    with mail_server(script) as port:
        loop = Loop(
            folder, kills * (_LETTERS_OF_THE_WRONG_ONE if hasty else _LETTERS_PER_KILL), port, script, hasty=hasty
        )
        for number in range(kills):
            loop.kill_one(POINTS[number % len(POINTS)], draw)
        outcome = loop.end()
    outcome.seconds = time.monotonic() - began
    return outcome


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.relay_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_loop(Path(folder), given.kills, given.seed)
    print(outcome, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        control = kill_loop(Path(folder), max(len(POINTS), given.kills // 20), given.seed, hasty=True)
    print(f"\na relay that marks before it sends: {'found out' if control.lost else 'NOT FOUND OUT'}\n{control}")
    return 1 if outcome or not control.lost else 0


if __name__ == "__main__":
    sys.exit(main())
