"""`doctor` tries everything, and says what is wrong and what to do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.notifications.mail_server import Script, mail_server
from tests.support.broker import broker_in
from tests.support.kept_in import on_postgresql
from tests.support.publisher import Message, Publisher
from tests.support.waiting import until

from .calling import Caller, Said


def about(said: Said, part: str) -> list[str]:
    """What was said of one part, with its weight."""
    words = [line.split(maxsplit=2) for line in said.out.splitlines()]
    return [f"{weight} {text}" for weight, of, text in words if of == part]


def _subscribe_and_leave(port: int) -> None:
    """A session that the broker keeps messages for."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "daemon", clean_session=False)
    subscribed = Event()

    def subscribe(*_: object) -> None:
        client.subscribe("machines/+/hours", 1)

    def leave(*_: object) -> None:
        client.disconnect()
        subscribed.set()

    client.on_connect, client.on_subscribe = subscribe, leave
    client.connect("127.0.0.1", port)
    client.loop_forever()
    assert subscribed.is_set()


def settings(port: int) -> dict[str, str]:
    return {"HOURKEEPER_MQTT__HOST": "127.0.0.1", "HOURKEEPER_MQTT__PORT": str(port)}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_all_is_well(call: Caller, tmp_path: Path, protocol: str) -> None:
    script = Script()
    assert call("db", "upgrade").code == 0
    with broker_in(tmp_path / "broker") as broker, mail_server(script) as port:
        mail = {
            "HOURKEEPER_NOTIFICATIONS__EMAIL__HOST": "127.0.0.1",
            "HOURKEEPER_NOTIFICATIONS__EMAIL__PORT": str(port),
            "HOURKEEPER_NOTIFICATIONS__EMAIL__SECURITY": "none",
            "HOURKEEPER_NOTIFICATIONS__EMAIL__SENDER": "hk@example.com",
        }
        said = call("doctor", HOURKEEPER_MQTT__PROTOCOL=protocol, **settings(broker.port), **mail)

    assert said.code == 0, said.out
    assert "FAULT" not in said.out
    beside = ("store",) if on_postgresql() else ("disk", "store")
    for part in ("config", "plan", *beside, "broker", "mail", "templates"):
        assert about(said, part)[0].startswith("OK "), said.out
    assert "mosquitto version" in about(said, "broker")[0]
    assert "max_queued_messages" in about(said, "broker")[1]
    assert script.accepted == []


@pytest.mark.sqlite_file
def test_everything_that_is_wrong_is_named(call: Caller, free_port: int) -> None:
    (call.folder / "plan.toml").write_text("[silence]\ndays = -1\n")
    (call.folder / "hourkeeper.db").write_bytes(b"no database at all, but long enough to be read as one" * 100)

    said = call(
        "doctor",
        HOURKEEPER_PLAN__FILE="plan.toml",
        HOURKEEPER_NOTIFICATIONS__EMAIL__HOST="127.0.0.1",
        HOURKEEPER_NOTIFICATIONS__EMAIL__PORT=str(free_port),
        HOURKEEPER_NOTIFICATIONS__EMAIL__SENDER="hk@example.com",
        **settings(free_port),
    )

    assert said.code == 1
    assert "silence.days" in about(said, "plan")[0]
    assert "file is not a database" in about(said, "store")[0]
    assert "Connection refused" in about(said, "broker")[0]
    assert about(said, "mail")[0].startswith("FAULT")
    assert about(said, "templates")[0].startswith("OK")


def test_a_broken_configuration_is_a_fault(call: Caller) -> None:
    said = call("doctor", HOURKEEPER_MQTT__PORT="0", HOURKEEPER_MQTT__PROT="1")

    assert said.code == 1
    assert len(about(said, "config")) == 2


def test_a_login_that_the_broker_refuses_is_a_fault(call: Caller, tmp_path: Path) -> None:
    with broker_in(tmp_path / "broker", settings={"allow_anonymous": "false"}) as broker:
        said = call("doctor", **settings(broker.port))

    assert said.code == 1
    assert "refuses the login" in about(said, "broker")[0]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_loses_readings_is_a_fault(call: Caller, tmp_path: Path, protocol: str) -> None:
    with broker_in(tmp_path / "broker", more="max_qos 0") as broker:
        said = call("doctor", HOURKEEPER_MQTT__PROTOCOL=protocol, **settings(broker.port))

    assert said.code == 1
    assert "QoS 0" in about(said, "broker")[0]


def test_a_broker_that_has_dropped_messages_is_worth_a_note(call: Caller, tmp_path: Path) -> None:
    assert call("db", "upgrade").code == 0
    with broker_in(tmp_path / "broker", shipped=False, more="max_queued_messages 1\nsys_interval 1") as broker:
        _subscribe_and_leave(broker.port)
        with closing(Publisher(broker.port)) as machines:
            machines.publish([Message(b"machines/L1/hours", b"1")] * 100)
        heard: list[Said] = []

        def says_it() -> bool:
            heard.append(call("doctor", **settings(broker.port)))
            return "it has dropped" in heard[-1].out

        until(says_it, "the broker says what it dropped")
        said = heard[-1]

    assert said.code == 0, said.out
    assert "max_queued_messages 0" in about(said, "broker")[1]


@pytest.mark.sqlite_file
def test_a_store_that_is_not_there_yet_is_worth_a_note(call: Caller, free_port: int) -> None:
    said = call("doctor", **settings(free_port))

    assert about(said, "store") == [f"NOTE {call.folder}/hourkeeper.db does not exist yet; `hourkeeper run` makes it"]
    assert not (call.folder / "hourkeeper.db").exists()
