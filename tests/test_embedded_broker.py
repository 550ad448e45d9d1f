"""The brokers of the demonstration: both speak both versions of MQTT, and are gone when their block is left."""

import re
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event, Thread

import pytest

from adapters.mqtt.client import Connection
from adapters.mqtt.publisher import BrokerAwayError, Publisher
from adapters.mqtt.settings import MqttSettings
from daemon.embedded_broker import HOST, Ports, embedded_broker, iotcore_broker, mosquitto_broker

Starts = Callable[[Path], AbstractContextManager[Ports]]


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@pytest.mark.parametrize("version_5", [False, True])
@pytest.mark.parametrize("start", [iotcore_broker, mosquitto_broker])
def test_what_is_published_is_acknowledged_and_received(start: Starts, tmp_path: Path, *, version_5: bool) -> None:
    received: list[bytes] = []
    stop, all_received = Event(), Event()

    def store(deliveries: object) -> None:
        received.extend(delivery.payload for delivery in deliveries)  # type: ignore[attr-defined]
        if len(received) >= 1000:
            all_received.set()

    with start(tmp_path) as ports:
        settings = MqttSettings(HOST, ports.v5 if version_5 else ports.v4, version_5=version_5)
        connection = Connection(settings, ["machines/+/hours"], store, lambda: True, lambda: 0)
        runner = Thread(target=connection.run, args=(stop,))
        runner.start()
        publisher = Publisher(settings, in_flight=20)
        publisher.open()
        assert publisher.await_retained(settings.status_topic, b"online", lambda: False)
        for number in range(1000):
            publisher.publish("machines/A/hours", str(number), lambda: False)
        assert publisher.drain(60)
        assert all_received.wait(60)
        stop.set()
        runner.join()
        publisher.close()
    assert sorted(received, key=int) == [str(number).encode() for number in range(1000)]
    assert publisher.sent == publisher.acknowledged == 1000


@pytest.mark.parametrize("start", [iotcore_broker, mosquitto_broker])
def test_ports_are_free_again_also_after_a_fault(start: Starts, tmp_path: Path) -> None:
    seen: list[int] = []

    def failing() -> None:
        with start(tmp_path) as ports:
            seen.extend((ports.v4, ports.v5))
            assert all(map(is_listening, seen))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert len(seen) == 2
    assert not any(map(is_listening, seen))


def test_the_one_that_pip_installs_is_preferred(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as ports:
        assert ports.v4 != ports.v5
    assert (tmp_path / "broker.toml").exists()


def test_it_listens_to_this_machine_alone(tmp_path: Path) -> None:
    for start in (iotcore_broker, mosquitto_broker):
        with start(tmp_path):
            pass
    settings = "".join(file.read_text() for file in tmp_path.iterdir())
    assert [found.group() for found in re.finditer(r"\d+\.\d+\.\d+\.\d+", settings)] == ["127.0.0.1"] * 3


def test_a_publisher_says_which_broker_is_away(free_port: int) -> None:
    with pytest.raises(BrokerAwayError, match=f"127.0.0.1:{free_port} cannot be reached"):
        Publisher(MqttSettings("127.0.0.1", free_port), in_flight=1).open()
