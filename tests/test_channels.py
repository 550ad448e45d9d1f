"""One notice, several channels: each delivery has its own fate, and none waits for another."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Row, select

from adapters.store.tables import letters
from daemon.config import load
from daemon.digests import write_digests
from daemon.keeper import Manager, Telling
from daemon.records import notices
from daemon.wiring import channels_of
from notifications.channels.channel import Channel
from notifications.occasions import Occasion, Role
from notifications.relay import RetryPolicy, deliver_one
from notifications.rendering import Renderer
from notifications.ways import Entry
from tests.keeping import MINUTE, World, at
from tests.notifications.http_receiver import HANG, Answers, receiver
from tests.notifications.mail_server import Script, mail_server
from tests.support.waiting import until
from tests.test_relay_loop import Mailbox, Relay, by_mail

SECRET = f"whsec_{b64encode(bytes(32)).decode()}"
BOSS = Manager("Boss", "boss@maker.example", "en")
ERP, GROUP = Entry("erp"), Entry("group", roles=frozenset({Role.SERVICE_CENTRE}))


def telling(*entries: Entry, channel: str = "email") -> Telling:
    return Telling(channel=channel, managers=(BOSS,), entries=entries)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "channels.db", telling(ERP, GROUP))
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    return made


def falls_due(world: World, machine: str = "L1") -> None:
    world.sells(machine)
    world.goes_to("2025-03-13 00:00")
    world.gathers()


def rows(world: World) -> list[Row[tuple[object, ...]]]:
    with world.keeper.store.read() as connection:
        return list(connection.execute(select(letters).order_by(letters.c.recipient, letters.c.channel)))


def fates(world: World) -> dict[tuple[str, str], str]:
    return {(row.recipient, row.channel): row.state for row in rows(world)}


def channels(folder: Path, text: str) -> dict[str, Channel]:
    """The channels that a configuration file makes."""
    file = folder / "channels.toml"
    (folder / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    (folder / "secret").chmod(0o600)
    file.write_text(text, encoding="utf-8")
    return channels_of(load(file, {"HOME": "/home/keeper"}))


def webhook(port: int, name: str = "erp", more: str = "") -> str:
    return (
        f'[[notifications.channels]]\nname = "{name}"\nkind = "webhook"\nurl = "http://127.0.0.1:{port}/"\n'
        f'secret_file = "secret"\nallow = ["127.0.0.1"]\n{more}\n'
    )


def deliver(world: World, ways: dict[str, Channel], channel: str) -> bool:
    return deliver_one(world.outbox, ways, Renderer(world.keeper.items_of), world.clock, RetryPolicy(), channel)


def test_each_notice_goes_once_by_every_channel_that_leads_to_its_recipient(world: World) -> None:
    falls_due(world)

    assert list(fates(world)) == [
        ("SC7", "email"),
        ("SC7", "erp"),
        ("SC7", "group"),
        ("张三", "email"),
        ("张三", "erp"),
    ]
    originals = {row.recipient: row.letter_id for row in rows(world) if row.original_id is None}
    assert {row.original_id for row in rows(world) if row.channel in ("erp", "group")} == set(originals.values())
    assert len({row.letter_id for row in rows(world)}) == 5


def test_who_has_no_address_is_told_by_the_channel_that_leads_to_them(world: World) -> None:
    world.tell_by(telling(GROUP, channel="log"))
    falls_due(world)

    assert list(fates(world)) == [("SC7", "group"), ("张三", "log")]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (Entry("x", recipients=frozenset({"张三"})), {"张三"}),
        (Entry("x", service_centres=frozenset({"SC8"})), set()),
        (Entry("x", regions=frozenset({"37"})), {"SC7", "张三"}),
        (Entry("x", occasions=frozenset({Occasion.VISIT_OVERDUE})), set()),
        (Entry("x", by_phone=True), {"SC7", "张三"}),
        (Entry("x", only_without_email=True), set()),
    ],
)
def test_a_channel_may_be_for_some_only(world: World, entry: Entry, told: set[str]) -> None:
    world.tell_by(telling(entry))
    falls_due(world)

    assert {recipient for recipient, channel in fates(world) if channel == "x"} == told


def test_a_customer_with_nothing_but_a_phone_is_told_by_phone(world: World) -> None:
    world.tell_by(telling(Entry("sms", by_phone=True, roles=frozenset({Role.CUSTOMER}))))
    world.sells("L1", customer_email=None)
    world.goes_to("2025-03-13 00:00")
    world.gathers()

    assert [(row.recipient, row.channel, row.address) for row in rows(world)] == [
        ("SC7", "email", "desk@centre.example"),
        ("张三", "sms", "13812345678"),
    ]


def test_one_channel_dead_for_good_leaves_the_others_alone(world: World, tmp_path: Path) -> None:
    falls_due(world)
    gone = Answers(status=410)
    with receiver(gone) as port:
        ways = channels(tmp_path, webhook(port))
        assert deliver(world, ways, "erp")

    dead = next(row for row in rows(world) if row.state == "dead")
    assert (dead.channel, dead.error[:24]) == ("erp", "erp answered HTTP 410 Go")
    assert sorted(world.states()) == ["dead", "waiting", "waiting", "waiting", "waiting"]
    assert world.outbox.retry_dead(dead.letter_id)


def test_a_notice_is_as_bad_as_the_worst_of_its_deliveries(world: World) -> None:
    falls_due(world)
    for channel, fate in (("email", "sent"), ("erp", "dead")):
        while (claimed := world.outbox.claim(world.now_ms, MINUTE, channel)) is not None:
            if fate == "sent":
                world.outbox.mark_sent(claimed, world.now_ms, "told")
            else:
                world.outbox.mark_dead(claimed, "no such place")

    def listed(state: str | None) -> list[tuple[str, str, str]]:
        with world.keeper.store.read() as connection:
            found = list(notices(connection, world.keeper, state, 9))
        return sorted((row["recipient"], row["channel"], row["state"]) for row in found)

    assert listed(None) == listed("dead") == [("SC7", "erp", "dead"), ("张三", "erp", "dead")]
    assert listed("waiting") == listed("sent") == []


def test_the_answer_is_kept(world: World, tmp_path: Path) -> None:
    falls_due(world)
    with receiver(Answers(status=202, body=b"queued as 77")) as port:
        ways = channels(tmp_path, webhook(port))
        assert deliver(world, ways, "erp")

    assert [row.answer for row in rows(world) if row.state == "sent"] == ["HTTP 202 Accepted queued as 77"]


def test_a_receiver_that_says_when_to_come_is_not_asked_before(world: World, tmp_path: Path) -> None:
    falls_due(world)
    with receiver(Answers(status=429, headers={"Retry-After": "7200"})) as port:
        ways = channels(tmp_path, webhook(port))
        assert deliver(world, ways, "erp")
        assert deliver(world, ways, "erp")
        world.now_ms += 7199 * 1000
        assert not deliver(world, ways, "erp")
        world.now_ms += 1000
        assert deliver(world, ways, "erp")


def test_one_channel_that_hangs_delays_no_other(world: World, tmp_path: Path) -> None:
    falls_due(world)
    hanging, erp, mail = Answers(mischief=HANG), Answers(), Script()
    with receiver(hanging) as first, receiver(erp) as second, mail_server(mail) as third:
        ways = channels(tmp_path, webhook(first, "group", "timeout_s = 100.0") + webhook(second)) | by_mail(third)
        relay = Relay(world.keeper, ways, world.clock)
        with relay.running():
            until(lambda: hanging.heard and len(erp.heard) == 2 and len(mail.accepted) == 2, "the other channels")
            until(lambda: sorted(world.states()) == ["sent"] * 4 + ["waiting"], "their marks")
            hanging.released.set()

    assert fates(world)["SC7", "group"] == "waiting"


def test_a_channel_has_as_many_letters_a_minute_as_it_may(world: World, tmp_path: Path) -> None:
    world.tell_by(telling(replace(ERP, rate_per_minute=3)))
    for number in range(4):
        world.sells(f"L{number}", customer=f"customer {number}", customer_email=f"c{number}@customer.example")
    world.goes_to("2025-03-13 00:00")
    world.gathers()
    erp = Answers()
    with receiver(erp) as port:
        ways = channels(tmp_path, webhook(port))
        for had in (3, 5):
            while deliver(world, ways, "erp"):
                pass
            assert len(erp.heard) == had
            world.now_ms += MINUTE


def test_a_letter_of_a_channel_that_is_no_longer_there_goes_another_way(world: World) -> None:
    world.tell_by(telling(ERP, channel="log"))
    falls_due(world)
    world.tell_by(telling())
    mail = Script(accepted=Mailbox({}))
    with mail_server(mail) as port, Relay(world.keeper, by_mail(port), world.clock).running():
        until(lambda: world.states() == ["sent", "sent"], "the letters by mail")

    assert list(fates(world)) == [("SC7", "email"), ("张三", "email")]


def test_a_copy_of_a_channel_that_is_no_longer_there_is_dropped(world: World) -> None:
    falls_due(world)
    world.tell_by(telling())
    with mail_server(Script()) as port, Relay(world.keeper, by_mail(port), world.clock).running():
        until(lambda: "waiting" not in world.states(), "the end of all")

    assert fates(world) == {
        ("SC7", "email"): "sent",
        ("SC7", "erp"): "dropped",
        ("SC7", "group"): "dropped",
        ("张三", "email"): "sent",
        ("张三", "erp"): "dropped",
    }


def test_copies_tell_what_stands_when_they_go(world: World, tmp_path: Path) -> None:
    falls_due(world)
    world.does("L1", "100")
    with receiver(Answers()) as port:
        ways = channels(tmp_path, webhook(port) + webhook(port, "group"))
        for channel in ("erp", "group"):
            while deliver(world, ways, channel):
                pass

    assert {state for (_, channel), state in fates(world).items() if channel != "email"} == {"dropped"}


def test_a_digest_goes_by_every_channel_too(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-04 01:00")
    world.goes_to("2025-03-10 10:00")
    assert write_digests(world.keeper, world.now_ms) == 1
    assert write_digests(world.keeper, world.now_ms) == 0
    world.tell_by(telling(ERP))

    assert list(fates(world)) == [("Boss", "email"), ("Boss", "erp")]
    claimed = world.outbox.claim(world.now_ms, MINUTE, "erp")
    assert claimed is not None
    assert claimed.letter.digest is not None
