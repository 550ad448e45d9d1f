"""The loop that delivers: over a real mail server, whatever the server, the store and the process do."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select, text

from adapters.store.tables import letters
from daemon.keeper import Keeper
from daemon.pulse import Heartbeat
from daemon.relay_loop import run_relay
from notifications.channels.channel import Channel, DeliveryFailed
from notifications.channels.email import EmailChannel, MailServer, Security
from notifications.letter import Letter, Rendered
from notifications.relay import RetryPolicy, deliver_one
from notifications.rendering import Renderer
from tests.keeping import MINUTE, World, at, open_keeper
from tests.notifications.mail_server import Script, mail_server
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent
SOON = 60
Accepted = tuple[str, list[str], EmailMessage]


class Mailbox(list[Accepted]):
    """What the mail server has accepted; at a given letter something happens before the server answers."""

    def __init__(self, at_letter: Mapping[int, Callable[[], object]]) -> None:
        super().__init__()
        self._at_letter = at_letter

    def append(self, accepted: Accepted) -> None:
        super().append(accepted)
        self._at_letter.get(len(self), lambda: None)()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "relay.db")
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    return made


def falls_due(world: World, *machines: str) -> None:
    for machine in machines:
        world.sells(machine, customer=f"customer of {machine}", customer_email=f"{machine.lower()}@customer.example")
    world.goes_to("2025-03-13 00:00")
    world.now_ms += MINUTE


def by_mail(port: int, timeout_s: float = 30.0) -> dict[str, Channel]:
    server = MailServer("127.0.0.1", port, "hourkeeper@maker.example", Security.NONE, timeout_s=timeout_s)
    return {"email": EmailChannel(server)}


@dataclass
class Relay:
    """A loop in a thread of its own."""

    keeper: Keeper
    channels: dict[str, Channel]
    clock: Callable[[], int]
    stop: threading.Event = field(default_factory=threading.Event)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    monotonic: Callable[[], float] = time.monotonic

    def run(self) -> None:
        renderer = Renderer(self.keeper.items_of)
        run_relay(
            self.keeper,
            self.channels,
            renderer,
            self.clock,
            self.stop,
            heartbeat=self.heartbeat,
            monotonic=self.monotonic,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join(SOON)
            assert not thread.is_alive()


@dataclass
class Pigeon:
    """A channel that does what the test says, under the name of the mail."""

    act: Callable[[Letter], None]
    name: str = "email"
    taken: list[str] = field(default_factory=list)

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:
        self.act(letter)
        self.taken.append(letter.addressee.recipient)


def states(world: World) -> dict[str, str]:
    with world.keeper.store.read() as connection:
        return {row.recipient: row.state for row in connection.execute(select(letters))}


def test_what_waits_is_told_and_the_loop_ends_when_it_is_told_to(world: World) -> None:
    falls_due(world, "L1")
    relay = Relay(world.keeper, {}, world.clock)
    script = Script(accepted=Mailbox({2: relay.stop.set}))
    began = relay.heartbeat.at
    with mail_server(script) as port:
        relay.channels |= by_mail(port)
        relay.run()

    assert sorted(to[0] for _, to, _ in script.accepted) == ["desk@centre.example", "l1@customer.example"]
    assert states(world) == {"SC7": "sent", "customer of L1": "sent"}
    assert relay.heartbeat.at > began
    subjects = {str(message["Subject"]) for _, _, message in script.accepted}
    with world.keeper.store.read() as connection:
        assert subjects == set(connection.execute(select(letters.c.subject)).scalars())


def test_what_comes_later_is_told_too(world: World) -> None:
    world.sells("L1")
    arrived = threading.Event()
    script = Script(accepted=Mailbox({2: arrived.set}))
    with mail_server(script) as port, Relay(world.keeper, by_mail(port), world.clock).running():
        world.goes_to("2025-03-13 00:00")
        world.now_ms += MINUTE
        assert arrived.wait(SOON)


def test_the_store_is_free_while_a_mail_server_takes_its_time(world: World) -> None:
    falls_due(world, "L1")
    relay = Relay(world.keeper, {}, world.clock)
    wrote: list[bool] = []

    def write() -> None:
        impatient = open_keeper(world.file, busy_ms=0)
        with impatient.store.write() as connection:
            connection.execute(text("UPDATE meters SET heard_ms = 1"))
        impatient.store.close()
        wrote.append(True)

    script = Script(accepted=Mailbox({1: write, 2: relay.stop.set}))
    with mail_server(script) as port:
        relay.channels |= by_mail(port)
        relay.run()

    assert wrote == [True]


@pytest.mark.sqlite_file
def test_a_locked_store_is_waited_for(world: World) -> None:
    falls_due(world, "L1")
    keeper, other = open_keeper(world.file, busy_ms=0), open_keeper(world.file)
    asked: list[int] = []
    came_again, told = threading.Event(), threading.Event()

    def clock() -> int:
        asked.append(1)
        if len(asked) > 2:  # once to gather and once to deliver a turn
            came_again.set()
        return world.now_ms

    script = Script(accepted=Mailbox({2: told.set}))
    with mail_server(script) as port, ExitStack() as lock:
        lock.enter_context(other.store.write())
        with Relay(keeper, by_mail(port), clock).running():
            assert came_again.wait(SOON)
            assert script.accepted == []
            lock.close()
            assert told.wait(SOON)
    keeper.store.close()
    other.store.close()


def test_a_channel_that_raises_holds_up_nobody_else(world: World) -> None:
    falls_due(world, "L1")
    relay = Relay(world.keeper, {}, world.clock)

    def act(letter: Letter) -> None:
        if letter.addressee.recipient == "SC7":
            raise ZeroDivisionError
        relay.stop.set()

    relay.channels["email"] = Pigeon(act)
    relay.run()

    assert states(world) == {"SC7": "waiting", "customer of L1": "sent"}


def test_what_waits_at_the_end_is_told_if_it_goes_quickly(world: World) -> None:
    falls_due(world, "L1", "L2", "L3")
    relay = Relay(world.keeper, {}, world.clock)
    pigeon = Pigeon(lambda _: relay.stop.set())
    relay.channels["email"] = pigeon

    relay.run()

    assert len(pigeon.taken) == 4


def test_what_waits_at_the_end_stays_when_the_channel_is_slow(world: World) -> None:
    falls_due(world, "L1", "L2", "L3")
    seconds = [0.0]
    relay = Relay(world.keeper, {}, world.clock, monotonic=lambda: seconds[0])

    def slowly(letter: Letter) -> None:
        seconds[0] += 1.5
        relay.stop.set()

    pigeon = Pigeon(slowly)
    relay.channels["email"] = pigeon
    relay.run()

    assert len(pigeon.taken) == 1
    assert sorted(states(world).values()) == ["sent", "waiting", "waiting", "waiting"]


def test_the_last_chance_is_short_however_much_waits(world: World) -> None:
    falls_due(world, *(f"L{number}" for number in range(12)))
    seconds = [0.0]
    relay = Relay(world.keeper, {}, world.clock, monotonic=lambda: seconds[0])

    def act(letter: Letter) -> None:
        seconds[0] += 0.9
        relay.stop.set()

    pigeon = Pigeon(act)
    relay.channels["email"] = pigeon
    relay.run()

    assert len(pigeon.taken) == 1 + 6


def test_a_relay_paused_longer_than_its_lease_marks_nothing_and_goes_on(world: World) -> None:
    falls_due(world, "L1")
    world.corrects("L1", customer=None)
    relay = Relay(world.keeper, {}, world.clock)
    other = Pigeon(lambda _: relay.stop.set())

    def paused(letter: Letter) -> None:
        world.now_ms += RetryPolicy().lease_ms
        assert deliver_one(world.outbox, {"email": other}, Renderer(world.keeper.items_of), world.clock, RetryPolicy())
        raise DeliveryFailed("woken too late", permanent=True)

    relay.channels["email"] = Pigeon(paused)
    with structlog.testing.capture_logs() as logs:
        relay.run()

    assert other.taken == ["SC7"]
    assert states(world) == {"SC7": "sent"}
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["notice_taken_over"]


KILLED = """
import sys
from pathlib import Path
from tests.keeping import open_keeper
from tests.test_relay_loop import Relay, by_mail
file, port, now_ms = sys.argv[1:]
Relay(open_keeper(Path(file)), by_mail(int(port)), lambda: int(now_ms)).run()
"""


def test_a_relay_killed_between_sending_and_marking_doubles_the_letter_under_the_same_id(world: World) -> None:
    falls_due(world, "L1")
    world.corrects("L1", customer=None)
    child: list[subprocess.Popen[bytes]] = []
    again = Relay(world.keeper, {}, world.clock)

    def kill() -> None:
        child[0].kill()

    script = Script(accepted=Mailbox({1: kill, 2: again.stop.set}))
    with mail_server(script) as port:
        command = [sys.executable, "-c", KILLED, str(world.file), str(port), str(world.now_ms)]
        child.append(subprocess.Popen(command, cwd=ROOT))
        assert child[0].wait(SOON) == -signal.SIGKILL
        assert states(world) == {"SC7": "waiting"}

        world.now_ms += RetryPolicy().lease_ms
        again.channels |= by_mail(port)
        again.run()

    assert states(world) == {"SC7": "sent"}
    first, second = (str(message["Message-ID"]) for _, _, message in script.accepted)
    assert first == second


PAUSED = """
import os, signal, sys
from pathlib import Path
from notifications.channels.email import EmailChannel, MailServer, Security
from tests.test_relay_loop import Renderer, RetryPolicy, World, deliver_one
file, port, clock, where = sys.argv[1:]
now = lambda: int(Path(clock).read_text())
class Stopping(Renderer):
    def render(self, letter):
        if where == "writing":
            os.kill(os.getpid(), signal.SIGSTOP)
        return super().render(letter)
world = World(Path(file), now_ms=now())
server = MailServer("127.0.0.1", int(port), "hourkeeper@maker.example", Security.NONE)
channels = {"email": EmailChannel(server, monotonic=lambda: now() / 1000)}
try:
    deliver_one(world.outbox, channels, Stopping(world.keeper.items_of), now, RetryPolicy())
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("where", ["writing", "sending"])
def test_a_process_stopped_for_longer_than_its_lease_sends_nothing_when_it_wakes(
    world: World, tmp_path: Path, where: str
) -> None:
    falls_due(world, "L1")
    world.corrects("L1", customer=None)
    world.outbox.gather(world.now_ms)
    clock = tmp_path / "clock"
    clock.write_text(str(world.now_ms))
    child: list[subprocess.Popen[str]] = []
    script = Script(at_recipient=lambda: child[0].send_signal(signal.SIGSTOP))
    with mail_server(script) as port:
        command = [sys.executable, "-c", PAUSED, str(world.file), str(port), str(clock), where]
        child.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        until(lambda: is_stopped(child[0].pid), "it is stopped")
        world.now_ms += RetryPolicy().lease_ms
        clock.write_text(str(world.now_ms))
        script.at_recipient = lambda: None
        assert deliver_one(world.outbox, by_mail(port), Renderer(world.keeper.items_of), world.clock, RetryPolicy())
        child[0].send_signal(signal.SIGCONT)
        said, _ = child[0].communicate(timeout=SOON)

    assert said == "ClaimLostError\n"
    assert len(script.accepted) == 1
    assert states(world) == {"SC7": "sent"}


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
