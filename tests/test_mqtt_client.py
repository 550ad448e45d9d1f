"""The connection to the broker: a real Mosquitto, and a double for what no broker would do.

The embedded broker has a file of its own, `test_embedded_broker.py`.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.mqtt.client import Connection
from adapters.mqtt.decode import Delivery
from adapters.mqtt.settings import MqttSettings
from daemon.clock import clock_ms
from tests.support.broker import SHIPPED, Broker, broker_in, free_port
from tests.support.certificates import Authority
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.double import double
from tests.support.fleet import fleet
from tests.support.observer import watching
from tests.support.publisher import Message, publish
from tests.support.refusing import refuse
from tests.support.rig import rig_in
from tests.support.waiting import until

_TOPIC = "machines/{}/hours"
_STATUS = "hourkeeper/status"


class _Received:
    """A store in memory: the batches in order. `hold` keeps it from taking the next one."""

    def __init__(self) -> None:
        self.batches: list[list[Delivery]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.taking = threading.Event()

    def take(self, deliveries: Sequence[Delivery]) -> None:
        batch = list(deliveries)
        self.taking.set()
        assert self.hold.wait(60)
        self.batches.append(batch)

    @property
    def payloads(self) -> list[bytes]:
        return [delivery.payload for batch in list(self.batches) for delivery in batch]


@contextmanager
def _connected(settings: MqttSettings, received: _Received | None = None) -> Iterator[_Received]:
    """A connection in a thread of its own, from subscribed to stopped."""
    received = received or _Received()
    connection = Connection(settings, ["machines/+/hours"], received.take, lambda: True, clock_ms)
    stop = threading.Event()
    thread = threading.Thread(target=connection.run, args=(stop,))
    thread.start()
    try:
        assert connection.connected.wait(60), "it connects"
        yield received
    finally:
        received.hold.set()
        stop.set()
        thread.join()


def _messages(count: int, machine: str = "M-1") -> list[Message]:
    topic = _TOPIC.format(machine).encode()
    return [Message(topic, b"%d" % number) for number in range(count)]


def _online(port: int, topic: str = _STATUS) -> None:
    """Wait until it has said online: by then it is subscribed, too."""
    with watching(port, topic) as seen:
        until(lambda: seen.last(topic) == b"online", "it says online")


@pytest.mark.parametrize("version_5", [True, False])
def test_what_is_published_while_it_is_away_comes_when_it_is_back(tmp_path: Path, *, version_5: bool) -> None:
    with broker_in(tmp_path) as broker:
        settings = MqttSettings(port=broker.port, version_5=version_5)
        with _connected(settings):
            _online(broker.port)
        sent = publish(broker.port, _messages(3000))
        with _connected(settings) as received:
            until(lambda: len(received.payloads) >= len(sent), "all of it comes")
        assert received.payloads == [message.payload for message in sent]


def test_alone_a_reading_is_committed_at_once_and_under_load_many_share_a_transaction(tmp_path: Path) -> None:
    with broker_in(tmp_path) as broker, _connected(MqttSettings(port=broker.port, batch=400)) as received:
        _online(broker.port)
        publish(broker.port, _messages(1))
        # Nothing else comes: a batch that waited for more, or for a timer, would wait for ever.
        until(lambda: len(received.batches) == 1, "the one reading is stored")
        received.hold.clear()
        received.taking.clear()
        publish(broker.port, _messages(1000))
        received.hold.set()
        until(lambda: len(received.payloads) == 1001, "all of it comes")
        sizes = [len(batch) for batch in received.batches]
        assert max(sizes) > 50, sizes
        assert max(sizes) <= 400, sizes


def test_the_status_is_retained_and_a_client_that_dies_leaves_the_last_will(tmp_path: Path) -> None:
    machines = fleet(70, 1, 2)
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        _online(rig.broker.port)
        with watching(rig.broker.port, _STATUS) as seen:
            until(lambda: seen.last(_STATUS) == b"online", "the status is retained")
            assert seen.messages[0][2], "it is marked as retained"
            rig.daemon.end(signal.SIGKILL)
            until(lambda: seen.last(_STATUS) == b"offline", "the last will is told")
        rig.daemon.start_ready()
        _online(rig.broker.port)
        assert rig.daemon.end(signal.SIGTERM) == 0
        with watching(rig.broker.port, _STATUS) as seen:
            until(lambda: seen.last(_STATUS) == b"offline", "a clean stop says offline")


def test_replicas_of_a_group_share_the_messages_and_have_a_status_each(tmp_path: Path) -> None:
    with broker_in(tmp_path) as broker:
        one = MqttSettings(port=broker.port, client_id="hk-a", group="all", status_topic=f"{_STATUS}/a")
        two = replace(one, client_id="hk-b", status_topic=f"{_STATUS}/b")
        with _connected(one) as first, _connected(two) as second:
            _online(broker.port, f"{_STATUS}/a")
            _online(broker.port, f"{_STATUS}/b")
            sent = publish(broker.port, _messages(200))
            until(lambda: len(first.payloads) + len(second.payloads) == len(sent), "each comes to one of them")
            assert sorted(first.payloads + second.payloads) == sorted(message.payload for message in sent)
            assert first.payloads
            assert second.payloads


def test_it_finds_a_broker_that_comes_late_and_one_that_comes_back(tmp_path: Path) -> None:
    machines = fleet(71, 1, 20)
    with rig_in(tmp_path, machines) as rig:
        rig.broker.end()
        rig.daemon.start()
        rig.daemon.wait_for("ready")
        rig.daemon.wait_for("mqtt_unreachable", 2)
        rig.broker.start()
        rig.daemon.wait_for("mqtt_subscribed")
        rig.broker.end(signal.SIGKILL)
        rig.daemon.wait_for("mqtt_unreachable", 4)
        rig.broker.start()
        rig.daemon.wait_for("mqtt_subscribed", 2)
        rig.publish(machines.readings)
        rig.drain()
        assert not rig.breaches()


def test_tls_with_a_client_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    ours, ours_key = authority.sign("hourkeeper")
    with _broker_with_tls(tmp_path, authority, "require_certificate true") as (broker, port):
        settings = MqttSettings(port=port, ca_file=authority.file, cert_file=ours, key_file=ours_key)
        with _connected(settings) as received:
            _online(broker.port)
            big = b'"' + b"x" * 60_000 + b'"'
            sent = [*_messages(1000), Message(b"machines/M-1/hours", big)]
            publish(broker.port, sent)
            until(lambda: len(received.payloads) >= len(sent), "all of it comes")
        assert received.payloads == [message.payload for message in sent]


def test_a_broker_with_a_strangers_certificate_is_not_talked_to(tmp_path: Path) -> None:
    ours = Authority(tmp_path / "ours")
    with _broker_with_tls(tmp_path, Authority(tmp_path / "strangers", "stranger")) as (_broker, port):
        daemon = DaemonProcess(
            tmp_path / "daemon", {"mqtt": {"port": port, "tls": {"ca_file": str(ours.file)}}, **_NO_WEB}
        )
        with ended_in_the_end(daemon):
            daemon.start()
            told = daemon.wait_for("mqtt_unreachable")[0]
            assert "certificate verify failed" in told["error"]
            assert daemon.end() == 0


@contextmanager
def _broker_with_tls(folder: Path, authority: Authority, *more: str) -> Iterator[tuple[Broker, int]]:
    """A broker for everybody, with a second listener that speaks TLS; its port."""
    signed, key = authority.sign("localhost")
    port = free_port()
    listener = (f"listener {port} 127.0.0.1", f"cafile {authority.file}", f"certfile {signed}", f"keyfile {key}", *more)
    with broker_in(folder / "broker", more="\n".join(listener)) as broker:
        yield broker, port


_NO_WEB = {"web": {"listen": "127.0.0.1:0"}}


def test_names_passwords_and_rights_as_the_shipped_configuration_describes_them(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("right")
    with broker_in(tmp_path / "broker", settings=_closed(tmp_path, {"hourkeeper": "right"})) as broker:
        settings = MqttSettings(port=broker.port, username="hourkeeper", password="right")
        with _connected(settings):
            pass
        mqtt = {"port": broker.port, "username": "hourkeeper", "password_file": str(secret)}
        daemon = DaemonProcess(tmp_path / "daemon", {"mqtt": mqtt, **_NO_WEB})
        with ended_in_the_end(daemon):
            daemon.start_ready()
            assert daemon.end() == 0
            secret.write_text("wrong")
            daemon.start()
            assert "password" in daemon.wait_for("mqtt_refused")[0]["advice"]
            assert daemon.end() == 0


def test_a_subscription_that_the_broker_refuses_is_said(tmp_path: Path) -> None:
    with double(granted=0x80) as server:
        settings = {"mqtt": {"host": "127.0.0.1", "port": server.port, "protocol": "3.1.1"}, **_NO_WEB}
        daemon = DaemonProcess(tmp_path / "daemon", settings)
        with ended_in_the_end(daemon):
            daemon.start()
            assert "read access" in daemon.wait_for("mqtt_subscription_refused")[0]["advice"]
            assert daemon.end() == 0


def _closed(folder: Path, passwords: dict[str, str]) -> dict[str, str | None]:
    """The shipped settings with a password file and rights made as its comments say."""
    names, rights = folder / "names", folder / "rights"
    names.touch(mode=0o600)
    for name, password in passwords.items():
        subprocess.run(["mosquitto_passwd", "-b", str(names), name, password], check=True, capture_output=True)
    comments = SHIPPED.read_text().split("without the leading `#`:\n")[1].split("per_listener_settings")[0]
    rights.write_text("".join(f"{line.removeprefix('#').strip()}\n" for line in comments.splitlines()))
    return {"allow_anonymous": "false", "password_file": str(names), "acl_file": str(rights)}


def test_acknowledgements_go_out_in_order_and_after_the_commit_alone() -> None:
    with double() as server:
        received = _Received()
        received.hold.clear()
        with _connected(MqttSettings(port=server.port, version_5=False), received):
            session = server.sessions[0]
            assert session.subscribed.wait(60)
            for mid in (7, 3, 9):
                session.deliver(b"machines/M-1/hours", b"1", mid)
            assert received.taking.wait(60)
            assert session.acknowledged == []
            received.hold.set()
            until(lambda: len(session.acknowledged) == 3, "they are acknowledged")
            assert session.acknowledged == [7, 3, 9]


def test_what_an_older_connection_delivered_is_never_acknowledged_on_a_newer_one() -> None:
    with double() as server:
        received = _Received()
        received.hold.clear()
        with _connected(MqttSettings(port=server.port, version_5=False), received):
            first = server.sessions[0]
            assert first.subscribed.wait(60)
            for mid in (1, 2, 3):
                first.deliver(b"machines/M-1/hours", b"old", mid)
            assert received.taking.wait(60)
            first.cut()
            assert first.ended.wait(60)
            received.hold.set()
            second = until(lambda: server.sessions[1] if len(server.sessions) > 1 else None, "it comes back")
            assert second is not None
            assert second.subscribed.wait(60)
            second.deliver(b"machines/M-1/hours", b"new", 4)
            until(lambda: second.acknowledged, "the new one is acknowledged")
            assert second.acknowledged == [4]


def test_topics_that_no_broker_would_let_through_are_kept(tmp_path: Path) -> None:
    topics = (b"machines/\xff\xfe/hours", b"machines/\xed\xa0\x80/hours", b"machines/\x00/hours", b"\x80" * 300)
    with double() as server:
        settings = {"mqtt": {"host": "127.0.0.1", "port": server.port, "protocol": "3.1.1"}, **_NO_WEB}
        daemon = DaemonProcess(tmp_path / "daemon", settings)
        with ended_in_the_end(daemon):
            daemon.start_ready()
            for mid, topic in enumerate(topics, 1):
                server.sessions[0].deliver(topic, b'{"hours": 12.5}', mid)
            until(lambda: len(server.sessions[0].acknowledged) == len(topics), "all are acknowledged")
            assert daemon.end() == 0, daemon.says()
        kept = daemon.asks("SELECT topic, reason FROM raw_deliveries JOIN readings ON id = reading_id ORDER BY id")
        assert [row[0] for row in kept] == list(topics)
        assert all(row[1] for row in kept)
        assert len(server.sessions) == 1


def test_what_only_the_database_refuses_is_set_aside_and_the_others_of_its_batch_are_stored(tmp_path: Path) -> None:
    machines = fleet(73, 4, 100)
    poison = [reading for reading in machines.readings if reading.machine_id == "M-0002"][::30]
    listed = ", ".join(str(reading.device_ms) for reading in poison)
    with rig_in(tmp_path, machines) as rig:
        with rig.daemon.keeper() as keeper, keeper.store.write() as connection:
            refuse(connection, "readings", f"new.device_ms IN ({listed})", "this one not")
        rig.subscribe_first()
        rig.publish(machines.readings)
        rig.daemon.start()
        rig.drain()
        lost = rig.breaches().lost
        assert len(lost) == len(poison)
        kept = rig.daemon.asks("SELECT payload, reason FROM raw_deliveries JOIN readings ON id = reading_id")
        assert sorted(row[0] for row in kept) == sorted(reading.message().payload for reading in poison)
        assert all("this one not" in row[1] for row in kept)
        assert len(rig.daemon.events("mqtt_connected")) == 1
        assert not rig.breaches().store
