"""Sparkplug B: an alias is a name only as long as nothing of its edge node is missing since its birth."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.mqtt.decode import Decoder, Delivery, Report
from adapters.mqtt.source import Payload, Source, SourceSpec, filters_of
from adapters.mqtt.sparkplug import Births
from schedules.reading import Refusal
from tests.keeping import World
from tests.support.fleet import fleet
from tests.support.observer import watching
from tests.support.publisher import Message
from tests.support.rig import rig_in
from tests.support.waiting import until

_NODE_BIRTH = "0880b886b8ef32120b0a056264536571200858031800"
_BIRTH = (
    "0880b886b8ef3212220a0c456e67696e652f486f75727310071880b886b8ef32200a690000000000399340"
    "121a0a0b456e67696e652f4675656c10081880b886b8ef32200358471801"
)
_HOURS = "088095e2b9ef3212141007188095e2b9ef32200a699a999999993c93401802"
_FUEL = "08a0a2e8b9ef32120d1008188095e2b9ef32200358461803"
_UNAVAILABLE = "088095e2b9ef32120b100718{at}38011804".format(at="8095e2b9ef32")
_TOPIC = "spBv1.0/+/+/+/{machine_id}"
_SOURCE = Source(SourceSpec(topic=_TOPIC, hours="Engine/Hours", payload=Payload.SPARKPLUG_B))
_MINUTE_MS = 60_000


class Heard:
    """What is read of the messages of one edge node and its device L1, and what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.births = Births()
        self.births.ask = lambda topic, payload: self.asked.append((topic, payload))
        keeper = World(folder / "sparkplug.db").keeper
        self._decoder = Decoder([_SOURCE], keeper.meter_rules, keeper.zone, births=self.births)
        self.now_ms = 1_748_000_000_000

    def says(self, kind: str, content: str, device: str = "/L1") -> list[tuple[int, int | None] | str]:
        """Hours and time of its readings, or why there are none."""
        topic = f"spBv1.0/Yard/{kind}/Gate{'' if kind.startswith('N') else device}"
        return [_told(each) for each in self._decoder.decode(Delivery(topic, bytes.fromhex(content), self.now_ms))]

    def is_born(self) -> None:
        """The edge node and the device have said their names."""
        assert self.says("NBIRTH", _NODE_BIRTH) == []
        assert self.says("DBIRTH", _BIRTH) == [(4_428_900_000, 1_747_900_800_000)]


def _told(report: Report) -> tuple[int, int | None] | str:
    if report.reading is None:
        assert isinstance(report.refusal, Refusal)
        return report.refusal.reason
    return report.reading.dial_ms, report.reading.device_ms


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path)


def test_an_alias_stands_for_the_name_it_was_born_with(heard: Heard) -> None:
    heard.is_born()
    assert heard.says("DDATA", _HOURS) == [(4_432_140_000, 1_747_904_400_000)]
    assert heard.says("DDATA", _FUEL) == []
    assert heard.says("DDATA", _UNAVAILABLE) == ["hours not available: None"]
    assert heard.says("DDEATH", "") == heard.says("NCMD", "") == []
    assert heard.asked == []


@pytest.mark.parametrize("missing", ["a message", "the connection", "the birth of the edge node"])
def test_after_a_gap_no_alias_is_believed_and_the_edge_node_is_asked_for_its_birth(heard: Heard, missing: str) -> None:
    if missing == "the birth of the edge node":
        heard.says("DBIRTH", _BIRTH)
    else:
        heard.is_born()
    if missing == "the connection":
        heard.births.forget()
    found = heard.says("DDATA", _FUEL if missing == "a message" else _HOURS)
    assert found == ["metrics by aliases whose names are not known: the edge node is asked for its birth"]
    ((topic, command),) = heard.asked
    assert topic == "spBv1.0/Yard/NCMD/Gate"
    assert b"Node Control/Rebirth" in command

    heard.says("DDATA", _HOURS)
    assert len(heard.asked) == 1
    heard.now_ms += _MINUTE_MS
    heard.says("DDATA", _HOURS)
    assert len(heard.asked) == 2

    heard.is_born()
    assert heard.says("DDATA", _HOURS) == [(4_432_140_000, 1_747_904_400_000)]


def test_another_device_of_the_edge_node_is_counted_too(heard: Heard) -> None:
    heard.is_born()
    heard.says("DDATA", _HOURS, device="/R2")
    assert heard.says("DDATA", _FUEL) == []


@pytest.mark.parametrize("content", ["0a", "12ff", "08ffffffffffffffffffff01", "ffff", "1207" + "0a05" + "ff" * 5])
def test_what_is_no_sparkplug_is_kept_with_the_reason(heard: Heard, content: str) -> None:
    (reason,) = heard.says("DDATA", content)
    assert isinstance(reason, str)
    assert reason


def test_topics_of_other_sources_are_left_to_them(tmp_path: Path) -> None:
    keeper = World(tmp_path / "sparkplug.db").keeper
    sources = [_SOURCE, Source(SourceSpec(topic="site/hall/box/{machine_id}"))]
    decoder = Decoder(sources, keeper.meter_rules, keeper.zone)
    (report,) = decoder.decode(Delivery("site/hall/box/L1", b'{"hours": 12.5}', 1_748_000_000_000))
    assert _told(report) == (45_000_000, None)


def test_the_edge_nodes_own_messages_are_subscribed_to() -> None:
    assert filters_of([_SOURCE]) == ["spBv1.0/+/+/+/+", "spBv1.0/+/+/+"]
    machine_is_the_node = Source(SourceSpec(topic="spBv1.0/+/+/{machine_id}", payload=Payload.SPARKPLUG_B))
    assert filters_of([machine_is_the_node]) == ["spBv1.0/+/+/+"]


def test_a_daemon_that_was_away_asks_for_the_births(tmp_path: Path) -> None:
    source = {"topic": _TOPIC, "hours": "Engine/Hours", "payload": "sparkplug_b"}
    with rig_in(tmp_path, fleet(1, 1, 1), mqtt={"sources": [source]}) as rig:

        def says(kind: str, content: str, device: str = "") -> None:
            topic = f"spBv1.0/Yard/{kind}/Gate{device}".encode()
            rig.publisher.publish([Message(topic, bytes.fromhex(content))])

        def dials() -> list[int]:
            asked = "SELECT dial_ms FROM readings WHERE dial_ms IS NOT NULL ORDER BY dial_ms"
            return [row[0] for row in rig.daemon.database.asks(asked)]

        with watching(rig.broker.port, "spBv1.0/Yard/NCMD/#") as seen:
            rig.daemon.start_ready()
            rig.daemon.wait_for("mqtt_subscribed")
            says("NBIRTH", _NODE_BIRTH)
            says("DBIRTH", _BIRTH, "/M-0000")
            until(lambda: dials() == [4_428_900_000], "the birth is stored")
            rig.daemon.end()

            rig.daemon.start_ready()
            says("DDATA", _HOURS, "/M-0000")
            until(lambda: seen.last("spBv1.0/Yard/NCMD/Gate"), "the edge node is asked")
            assert dials() == [4_428_900_000]
            says("NBIRTH", _NODE_BIRTH)
            says("DBIRTH", _BIRTH, "/M-0000")
            says("DDATA", _HOURS, "/M-0000")
            until(lambda: dials() == [4_428_900_000, 4_432_140_000], "data is read again")
