"""Faults from outside, one at a time, on the real command with a real broker: nothing is lost and it goes on alone.

The numbers are those of the table of faults; 1, kill -9, has a file of its own.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.daemon_process import DaemonProcess
from tests.support.fleet import Planned, as_it_arrives, fleet
from tests.support.ledger import readings_lost
from tests.support.process_status import status_mb
from tests.support.publisher import Message
from tests.support.rig import Rig, rig_in
from tests.support.store_locked import store_locked
from tests.support.waiting import until

_A_BATCH_MB = 60
_MB = 1 << 20
_ALL = "SELECT count(*) FROM readings"
_SHORTEST_KEEPALIVE = {"keepalive": 5}


def _await_more(rig: Rig, stored: int) -> None:
    until(lambda: rig.daemon.count(_ALL) > stored, "it works")


@contextmanager
def _reporting(rig: Rig, readings: list[Planned]) -> Iterator[None]:
    """Machines send these readings, meanwhile."""
    machines = threading.Thread(target=rig.publish, args=(readings,))
    machines.start()
    try:
        yield
    finally:
        machines.join()


def _seconds_between(earlier: dict[str, Any], later: dict[str, Any]) -> float:
    times = [datetime.fromisoformat(event["timestamp"]) for event in (earlier, later)]
    return (times[1] - times[0]).total_seconds()


def _nothing_is_wrong(rig: Rig) -> None:
    rig.drain()
    breaches = rig.breaches()
    assert not breaches, str(breaches)


def test_4_sigterm_under_load_ends_in_order_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    machines = fleet(4, 10, 200)
    arriving = as_it_arrives(machines.readings, 4)
    with rig_in(tmp_path, machines, mqtt={"batch": 50}) as rig:
        rig.subscribe_first()
        share = len(arriving) // 4
        for part in range(4):
            rig.daemon.start()
            stored = rig.daemon.count(_ALL)
            with _reporting(rig, arriving[part * share : (part + 1) * share]):
                _await_more(rig, stored + 100)
                # systemd gives it thirty seconds.
                assert rig.daemon.end(signal.SIGTERM, limit_s=30) == 0, rig.daemon.says()
            assert rig.daemon.events("stopped"), rig.daemon.says()
            assert "Traceback" not in rig.daemon.says()
        rig.publish(arriving[4 * share :])
        rig.daemon.start()
        _nothing_is_wrong(rig)


def test_4_sigterm_at_the_very_moment_when_the_daemon_begins_to_wait_for_it() -> None:
    program = """
import signal, threading
from daemon.signals import stop_on_signals

stop = threading.Event()
stop_on_signals(stop)
with stop._cond:  # as the main thread holds it at the beginning of stop.wait()
    signal.raise_signal(signal.SIGTERM)
assert stop.wait(30)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.sqlite_file
def test_4_sigterm_while_the_store_is_locked_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    machines = fleet(44, 5, 40)
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        with store_locked(rig.daemon.store):
            rig.publish(machines.readings)
            rig.daemon.wait_for("store_busy")
            assert rig.daemon.end(signal.SIGTERM, limit_s=30) == 0, rig.daemon.says()
            assert rig.daemon.events("stopped"), rig.daemon.says()
        rig.daemon.start()
        _nothing_is_wrong(rig)


def test_6_the_broker_stops_and_starts_under_load(tmp_path: Path) -> None:
    machines = fleet(6, 10, 200)
    arriving = as_it_arrives(machines.readings, 6)
    share = len(arriving) // 3
    with rig_in(tmp_path, machines, mqtt={"batch": 50}) as rig:
        rig.daemon.start_ready()
        for part in range(3):
            stored = rig.daemon.count(_ALL)
            with _reporting(rig, arriving[part * share : (part + 1) * share]):
                _await_more(rig, stored)
                rig.broker.restart(signal.SIGTERM)
                rig.daemon.wait_for("mqtt_connected", part + 2)
        rig.publish(arriving[3 * share :])
        assert all(event["session_present"] for event in rig.daemon.events("mqtt_connected")[1:])
        _nothing_is_wrong(rig)


@pytest.mark.parametrize("on_changes", ["false", "true"])
def test_6_a_killed_broker_keeps_what_it_has_saved_for_a_daemon_that_is_away(tmp_path: Path, on_changes: str) -> None:
    machines = fleet(66, 5, 60)
    with rig_in(tmp_path, machines, broker={"settings": {"autosave_on_changes": on_changes}}) as rig:
        rig.subscribe_first()
        rig.publish(machines.readings)
        last = machines.readings[-1].message().payload
        until(lambda: last in rig.broker.saved(), "the broker saves")
        rig.broker.restart(signal.SIGKILL)
        rig.daemon.start()
        _nothing_is_wrong(rig)


def test_6_a_broker_killed_under_load_is_found_again_and_the_next_readings_make_up_for_it(tmp_path: Path) -> None:
    machines = fleet(67, 10, 200)
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        *earlier, last = [machines.readings[begin::2] for begin in (0, 1)]
        with _reporting(rig, earlier[0]):
            until(lambda: rig.daemon.count(_ALL) > 100, "it works")
            rig.broker.restart(signal.SIGKILL)
        rig.daemon.wait_for("mqtt_connected", 2)
        rig.daemon.wait_for("mqtt_subscribed", 2)
        rig.publish(last)
        rig.drain()
        breaches = rig.breaches()
        stored = {reading.identity for reading in last}
        assert not [each for each in breaches.lost if any(str(identity) in each for identity in stored)]
        assert not breaches.doubled
        assert not breaches.store


def loses_its_session(rig: Rig, before: Sequence[Planned], in_flight: Sequence[Planned]) -> None:
    """The broker forgets us: a batch of what was in flight is in the daemon, not in the store, the others with it."""
    rig.publish(before)
    until(lambda: rig.daemon.count(_ALL) == len(before), "what came before is stored")
    with store_locked(rig.daemon.store):
        rig.publish(in_flight)
        rig.daemon.wait_for("store_busy")
        rig.broker.restart(signal.SIGKILL, forgetting=True)
    rig.daemon.wait_for("mqtt_subscribed", 2)


@pytest.mark.sqlite_file
def test_7_a_lost_session_with_deliveries_in_flight_is_noticed_and_costs_only_what_the_broker_lost(
    tmp_path: Path,
) -> None:
    machines = fleet(7, 5, 80)
    before, in_flight, after = (machines.readings[begin:end] for begin, end in ((0, 100), (100, 200), (200, 400)))
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        loses_its_session(rig, before, in_flight)
        assert [event["session_present"] for event in rig.daemon.events("mqtt_connected")][1:] == [False]
        assert len(rig.daemon.events("mqtt_session_new")) == 2
        rig.publish(after)
        rig.drain()
        # The broker has lost what it had not handed over; the daemon none of what it had, and nothing that came after.
        breaches = rig.breaches()
        assert len(breaches.lost) < len(in_flight)
        assert not readings_lost(rig.daemon.database, before + after)
        assert not replace(breaches, lost=[]), str(breaches)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_9_two_clients_with_one_id_do_not_chase_each_other(tmp_path: Path, protocol: str) -> None:
    machines = fleet(9, 5, 40)
    with rig_in(tmp_path, machines, mqtt={"protocol": protocol}) as rig:
        rig.daemon.start_ready()
        version = MQTTProtocolVersion.MQTTv5 if protocol == "5" else MQTTProtocolVersion.MQTTv311
        with _thief(rig, version):
            rig.publish(machines.readings)
            alarm = rig.daemon.wait_for("mqtt_keeps_breaking")[0]
            back = rig.daemon.wait_for("mqtt_connected", 4)
        # Each wait is at least half of a time that doubles; the first loss may be answered at once.
        assert "client_id" in alarm["advice"]
        assert _seconds_between(back[1], back[2]) > 0.9
        assert _seconds_between(back[2], back[3]) > 1.9
        _nothing_is_wrong(rig)


@contextmanager
def _thief(rig: Rig, version: MQTTProtocolVersion) -> Iterator[None]:
    """A client with the daemon's id, which acknowledges nothing and comes back whenever it is thrown out."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "hourkeeper", protocol=version, manual_ack=True, **_OLD[version])
    client.reconnect_delay_set(1, 1)
    session: dict[str, Any] = {}
    if version is MQTTProtocolVersion.MQTTv5:
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = 3600
        session = {"clean_start": False, "properties": kept}
    client.connect("127.0.0.1", rig.broker.port, **session)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


_OLD: dict[MQTTProtocolVersion, dict[str, Any]] = {
    MQTTProtocolVersion.MQTTv5: {},
    MQTTProtocolVersion.MQTTv311: {"clean_session": False},
}


@pytest.mark.sqlite_file
def test_11_a_store_that_is_locked_longer_than_a_writer_waits_is_tried_again(tmp_path: Path) -> None:
    machines = fleet(11, 10, 40)
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        with store_locked(rig.daemon.store):
            rig.publish(machines.readings)
            rig.daemon.wait_for("store_busy")
        _nothing_is_wrong(rig)
        assert not rig.daemon.events("store_away"), "the connection should have been kept"
        assert len(rig.daemon.events("mqtt_connected")) == 1


@pytest.mark.sqlite_file
def test_11_a_store_that_is_locked_for_long_is_waited_for_and_the_broker_keeps_the_readings(tmp_path: Path) -> None:
    machines = fleet(12, 10, 40)
    with rig_in(tmp_path, machines, mqtt=_SHORTEST_KEEPALIVE) as rig:
        rig.daemon.start_ready()
        with store_locked(rig.daemon.store):
            rig.publish(machines.readings)
            rig.daemon.wait_for("store_away")
            rig.daemon.wait_for("mqtt_left")
            assert rig.daemon.is_up()
        _nothing_is_wrong(rig)


@pytest.mark.sqlite_file
def test_11_a_backup_that_holds_the_store_for_a_minute_costs_nothing_with_the_shipped_keepalive(tmp_path: Path) -> None:
    machines = fleet(13, 10, 40)
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        with store_locked(rig.daemon.store, at_least_s=60):
            rig.publish(machines.readings)
            rig.daemon.wait_for("store_away")
            assert rig.daemon.is_up()
        _nothing_is_wrong(rig)


@pytest.mark.sqlite_file
def test_12_a_disk_quota_is_used_up_and_then_raised(tmp_path: Path) -> None:
    machines = fleet(120, 20, 100)
    with rig_in(tmp_path, machines, mqtt=_SHORTEST_KEEPALIVE) as rig:
        rig.daemon.start_ready()
        with _no_file_may_grow(rig.daemon):
            rig.publish(machines.readings)
            rig.daemon.wait_for("store_away", 2)
            assert rig.daemon.is_up()
        _nothing_is_wrong(rig)


@contextmanager
def _no_file_may_grow(daemon: DaemonProcess) -> Iterator[None]:
    """The daemon may write, but not beyond the size that its store has now."""
    size = max(file.stat().st_size for file in daemon.folder.glob("hourkeeper.db*"))
    with _at_most(daemon, resource.RLIMIT_FSIZE, size):
        yield


@contextmanager
def _at_most(daemon: DaemonProcess, what: int, most: int) -> Iterator[None]:
    """The daemon may have so much of it, for a while."""
    assert daemon.process is not None
    before = resource.prlimit(daemon.process.pid, what)
    resource.prlimit(daemon.process.pid, what, (most, before[1]))
    yield
    resource.prlimit(daemon.process.pid, what, before)


@pytest.mark.sqlite_file
@pytest.mark.parametrize(
    ("number", "launcher", "mark", "said"),
    [(121, "full_disk", "full", "full"), (130, "read_only", "read-only", "readonly")],
    ids=["12 the disk is full", "13 the file system is read-only"],
)
def test_12_13_a_store_that_cannot_be_written_is_waited_for(
    tmp_path: Path, number: int, launcher: str, mark: str, said: str
) -> None:
    machines = fleet(number, 20, 100)
    with rig_in(tmp_path, machines, mqtt=_SHORTEST_KEEPALIVE, launcher=(f"tests.variants.{launcher}",)) as rig:
        rig.daemon.start_ready()
        marked = rig.daemon.store.with_name(mark)
        marked.touch()
        rig.publish(machines.readings)
        away = rig.daemon.wait_for("store_away", 2)
        assert said in away[0]["error"]
        assert rig.daemon.is_up()
        marked.unlink()
        _nothing_is_wrong(rig)


def test_a_fault_in_our_own_decoder_ends_nothing_and_the_message_is_kept(tmp_path: Path) -> None:
    machines = fleet(13, 5, 40)
    with rig_in(tmp_path, machines, launcher=("tests.variants.stumbling_decoder",)) as rig:
        rig.daemon.start_ready()
        rig.publish(machines.readings[:100])
        rig.publisher.publish([Message(b"machines/M-0000/hours", b"boom %d" % number) for number in range(3)])
        poison = rig.publisher.acknowledged[-3:]
        rig.publish(machines.readings[100:])
        rig.publisher.acknowledged = [each for each in rig.publisher.acknowledged if each not in poison]
        _nothing_is_wrong(rig)
        kept = rig.daemon.asks(
            "SELECT payload, verdict, reason FROM raw_deliveries JOIN readings ON id = reading_id ORDER BY id"
        )
        assert [row[0] for row in kept] == [b"boom 0", b"boom 1", b"boom 2"]
        assert all("stumbled" in row[2] for row in kept)
        assert len(rig.daemon.events("mqtt_connected")) == 1


# --- 38: nothing left to open ---


def test_38_without_a_descriptor_left_readings_are_taken_and_the_rest_is_made_up_for(tmp_path: Path) -> None:
    machines = fleet(38, 10, 60)
    first, second = machines.readings[::2], machines.readings[1::2]
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        rig.publish(first)
        until(lambda: rig.daemon.count(_ALL) == len(first), "the first half is stored")
        with _no_descriptor_left(rig.daemon):
            rig.publish(second)
            until(lambda: "Too many open files" in rig.daemon.log.read_text(), "something cannot be opened")
            assert rig.daemon.is_up()
        rig.drain()
        assert not (breaches := rig.breaches()), str(breaches)


def test_38_without_more_memory_than_it_has_it_takes_a_flood(tmp_path: Path) -> None:
    """What it holds is bounded by a batch (promise 7): where nothing more is given, nothing is missing."""
    machines = fleet(39, 20, 300)
    first, flood = machines.readings[:1000], machines.readings[1000:]
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        rig.publish(first)
        until(rig.is_idle, "what came first is stored, and told")
        assert rig.daemon.process is not None
        before_mb = status_mb(rig.daemon.process.pid, "VmRSS")
        with _no_more_memory(rig.daemon):
            rig.publish(flood)
            until(rig.is_idle, f"the flood is stored, and told; {rig.daemon.says()}")
        assert status_mb(rig.daemon.process.pid, "VmRSS") < before_mb + _A_BATCH_MB
        rig.drain()
        assert not (breaches := rig.breaches()), str(breaches)


@contextmanager
def _no_more_memory(daemon: DaemonProcess) -> Iterator[None]:
    assert daemon.process is not None
    with _at_most(daemon, resource.RLIMIT_AS, round(status_mb(daemon.process.pid, "VmSize") * _MB)):
        yield


@contextmanager
def _no_descriptor_left(daemon: DaemonProcess) -> Iterator[None]:
    assert daemon.process is not None
    in_use = max(int(each.name) for each in Path(f"/proc/{daemon.process.pid}/fd").iterdir()) + 1
    with _at_most(daemon, resource.RLIMIT_NOFILE, in_use):
        yield
