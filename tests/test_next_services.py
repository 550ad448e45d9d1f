"""What machines' own displays are told: retained messages on a real broker, read by somebody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from jinja2 import Environment
from sqlalchemy import select

from adapters.mqtt.publisher import Publisher
from adapters.mqtt.settings import MqttSettings
from adapters.store import machines
from adapters.store.tables import machines as machine_table
from daemon.config import ConfigError, load
from daemon.correcting import correct
from daemon.correction import Correction
from daemon.next_services import Board, keep_told
from tests.keeping import World, at
from tests.notifications.test_injection import CORPUS, HARMLESS, is_tame, texts
from tests.support.broker import Broker, broker_in
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.kept_in import on_postgresql
from tests.support.observer import Seen, watching
from tests.support.postgres import postgres
from tests.support.waiting import until

TOPIC = "hourkeeper/machines/{machine_id}/next-service"
EVERYTHING = ("hourkeeper/machines/#", "homeassistant/#")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker_in(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "hk.db")
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    return made


@dataclass
class Shown:
    """What the broker keeps, as a client sees it that has just come."""

    port: int
    kept: dict[str, bytes] = field(default_factory=dict)

    def look(self) -> dict[str, bytes]:
        """All retained messages of ours; a message of our own says that there are no more."""
        with watching(self.port, *EVERYTHING, "end") as seen, closing(publisher(self.port)) as last:
            last.publish("end", "", lambda: False)
            until(lambda: ("end", b"", False) in seen.messages, "the retained messages are all there")
            return {topic: payload for topic, payload, retained in seen.messages if retained}


def publisher(port: int) -> Publisher:
    made = Publisher(MqttSettings("127.0.0.1", port), in_flight=10)
    made.open()
    return made


@contextmanager
def telling(world: World, broker: Broker, prefix: str | None = None) -> Iterator[None]:
    """The part of the daemon that tells, in a thread as there."""
    board, stop = Board(TOPIC, "hourkeeper/status", 0.05, prefix), threading.Event()
    given = (world.keeper, board, lambda: publisher(broker.port), world.clock, stop)
    thread = threading.Thread(target=keep_told, args=given)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def said(seen: Seen, machine_id: str) -> dict[str, Any]:
    payload = seen.last(TOPIC.replace("{machine_id}", machine_id))
    return dict(json.loads(payload)) if payload else {}


def kept(broker: Broker) -> dict[str, Any]:
    """What the broker keeps of each machine."""
    found = Shown(broker.port).look()
    return {topic.split("/")[2]: json.loads(payload) for topic, payload in found.items() if topic.startswith("hour")}


def test_a_machine_has_its_next_service_on_the_broker(world: World, broker: Broker) -> None:
    world.sells("L1", hours="12.5")
    with watching(broker.port, *EVERYTHING) as seen, telling(world, broker):
        until(lambda: said(seen, "L1"), "L1 is told of")
        assert kept(broker)["L1"] == {
            "machine_id": "L1",
            "model": "LG855N",
            "category": "loader",
            "status": "in_service",
            "total_hours": 12.5,
            "kind": "mandatory_visit",
            "step": "100",
            "name": "强保 100",
            "state": "planned",
            "hours_left": 87.5,
            "threshold_hours": 100,
            "projected_due_on": "2025-03-13",
            "basis": "calendar",
            "late_days": None,
        }

        world.goes_to("2025-03-08 10:00")
        world.reads("L1", "100")
        until(lambda: said(seen, "L1")["state"] == "due", "the reading has changed it")
        assert said(seen, "L1")["hours_left"] == 0

        world.goes_to("2025-03-14 00:10")
        until(lambda: said(seen, "L1")["state"] == "overdue", "the calendar has changed it")
        assert (said(seen, "L1")["late_days"], said(seen, "L1")["projected_due_on"]) == (1, "2025-03-08")

        told = len(seen.messages)
        world.reads("L1", "100")
        for number in ("S1", "S2"):
            world.stocks(number)
            until(lambda: said(seen, number), "it is told of")  # noqa: B023 - waited for here
        assert [topic.split("/")[2] for topic, _, _ in seen.messages[told:]] == ["S1", "S2"]
        world.retires("L1")
        until(lambda: not said(seen, "L1"), "L1 is taken down")
    assert "L1" not in kept(broker)
    assert kept(broker)["S1"]["kind"] == "stock_upkeep"


def test_what_happened_while_we_were_away_is_made_good(world: World, tmp_path: Path) -> None:
    for machine_id in ("L1", "L2", "L3"):
        world.sells(machine_id)
    with broker_in(tmp_path / "own") as broker:
        with telling(world, broker):
            until(lambda: len(kept(broker)) == 3, "all are told of")
        world.retires("L1")
        correction = Correction("L2", "Wang", "wrong plate", facts={"machine_id": "L9"})
        with world.keeper.store.write() as connection:
            correct(connection, world.keeper, correction, world.now_ms)
        with telling(world, broker):
            until(lambda: kept(broker).keys() == {"L3", "L9"}, "the broker keeps what there is")

            broker.restart(forgetting=True)
            until(lambda: kept(broker).keys() == {"L3", "L9"}, "a broker that forgot is told again")


def test_home_assistant_finds_machines_and_reads_every_value(world: World, broker: Broker) -> None:
    world.sells("L.7", hours="12.5", model="LG855N {{ 7*7 }}")
    with watching(broker.port, *EVERYTHING) as seen, telling(world, broker, "homeassistant"):
        until(lambda: said(seen, "L.7"), "it is told of")
        [(topic, payload)] = [
            (at, told) for at, told, _ in seen.messages if at.startswith("homeassistant") and b"L.7" in told
        ]
        found = json.loads(payload)
        value = {"value_json": said(seen, "L.7")}
        values = {
            name: Environment(autoescape=True).from_string(each["value_template"]).render(value)
            for name, each in found["components"].items()
        }
        world.retires("L.7")
        until(lambda: seen.last(topic) == b"", "it is taken down")
    own = [each for each, _, _ in seen.messages if each == topic or "L.7" in each]
    assert own == [topic, TOPIC.replace("{machine_id}", "L.7"), TOPIC.replace("{machine_id}", "L.7"), topic]
    assert topic.startswith("homeassistant/device/hourkeeper_L_7_")
    assert topic.replace("_", "").replace("/", "").isalnum()
    assert found["state_topic"] == TOPIC.replace("{machine_id}", "L.7")
    assert found["device"]["name"] == "LG855N {{ 7*7 }} L.7"
    assert values == {
        "service": "强保 100",
        "hours_left": "87.5",
        "due_on": "2025-03-13",
        "state": "planned",
        "total_hours": "12.5",
        "overdue": "OFF",
    }
    assert "7*7" not in "".join(each["value_template"] for each in found["components"].values())
    assert len({each["unique_id"] for each in found["components"].values()}) == len(values)


def test_no_model_makes_a_topic_or_template_or_leaves_its_place(world: World, tmp_path: Path) -> None:
    names = [HARMLESS, *(name.encode(errors="ignore").decode() for name in CORPUS.values())]
    names = [name.replace("\0", "") if on_postgresql() else name for name in names]
    models = {f"N{number}": name for number, name in enumerate(names)}
    for machine_id, model in models.items():
        world.sells(machine_id, model=model)
    with (
        broker_in(tmp_path / "own") as broker,
        watching(broker.port, *EVERYTHING) as seen,
        telling(world, broker, "homeassistant"),
    ):
        until(lambda: all(said(seen, each) for each in models), "all are told of")
        found = [(topic, json.loads(payload)) for topic, payload, _ in seen.messages if payload]

    topics = {TOPIC.replace("{machine_id}", each) for each in models}
    devices = {f"homeassistant/device/hourkeeper_{each}/config" for each in models}
    assert {topic for topic, _ in found} == topics | devices
    of_devices = [told for topic, told in found if topic in devices]
    of_machines = [told for topic, told in found if topic in topics]
    for told in (of_devices, of_machines):
        assert len({json.dumps(_kinds(each)) for each in told}) == 1
        assert all(is_tame(text) for each in told for text in texts(each))
    assert len({json.dumps(_templates(each)) for each in of_devices}) == 1


def _templates(device: dict[str, Any]) -> list[str]:
    return [part["value_template"] for part in device["components"].values()]


def _kinds(told: dict[str, Any]) -> dict[str, Any]:
    """Its keys, and theirs; every machine is of the same sort."""
    return {key: sorted(value) if isinstance(value, dict) else type(value).__name__ for key, value in told.items()}


def test_the_daemon_tells_where_the_configuration_says(broker: Broker, tmp_path: Path) -> None:
    settings = {
        "mqtt": {
            "host": "127.0.0.1",
            "port": broker.port,
            "next_service": {"topic": "site/{machine_id}", "every_s": 0.1},
        },
        "web": {"listen": "127.0.0.1:0"},
    }
    with ended_in_the_end(DaemonProcess(tmp_path, settings)) as daemon, watching(broker.port, "site/#") as seen:
        with daemon.keeper():
            World(daemon.store, now_ms=at("2025-03-03 10:00")).sells("L1")
        daemon.start_ready()
        until(lambda: seen.last("site/L1"), "it is told of")
        assert daemon.end() == 0
    assert json.loads(seen.last("site/L1") or b"")["machine_id"] == "L1"


def test_a_broker_that_refuses_is_named(world: World, tmp_path: Path) -> None:
    rights = tmp_path / "acl"
    rights.write_text("topic read #\n")
    world.sells("L1")
    with (
        broker_in(tmp_path / "strict", more=f"acl_file {rights}") as broker,
        structlog.testing.capture_logs() as logs,
        telling(world, broker),
    ):
        until(lambda: any("give us write access" in str(each) for each in logs), "the refusal is told")


def test_looking_at_a_machine_keeps_nobody_waiting() -> None:
    with postgres() as server:
        world = World(server.new_database(), now_ms=at("2025-03-03 10:00"))
        world.sells("L1")
        with closing(world.keeper.store) as store, store.read() as reading, store.write() as writing:
            assert machines.look_at(reading, world.keeper.zone, ["L1"])
            one = select(machine_table).where(machine_table.c.machine_id == "L1")
            assert writing.execute(one.with_for_update(nowait=True)).one()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ('topic = "a/next"', "mqtt.next_service.topic: should have the level {machine_id}"),
        ('topic = "+/{machine_id}"', "mqtt.next_service.topic: should be a topic to publish under"),
        ('topic = "machines/{machine_id}/hours"', "mqtt.next_service: should have a topic that no source reads"),
        ('home_assistant = "homeassistant"', "mqtt.next_service.home_assistant: should not be set without topic"),
    ],
)
def test_what_cannot_be_told_is_named(tmp_path: Path, settings: str, complaint: str) -> None:
    file = tmp_path / "hourkeeper.toml"
    file.write_text(f"[mqtt.next_service]\n{settings}\n")

    with pytest.raises(ConfigError) as caught:
        load(file, {"HOME": "/root"})

    assert any(complaint in problem for problem in caught.value.problems), caught.value.problems
