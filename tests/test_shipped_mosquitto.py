"""The mosquitto.conf we ship keeps for an absent daemon what Mosquitto's default drops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from adapters.mqtt.client import Connection
from adapters.mqtt.decode import Delivery
from adapters.mqtt.settings import MqttSettings
from daemon.clock import clock_ms
from tests.support.broker import broker_in
from tests.support.observer import watching
from tests.support.publisher import Message, publish
from tests.support.waiting import until

_SENT = 5000


def _kept_for_an_absent_client(folder: Path, *, shipped: bool) -> list[bytes]:
    """Payloads that come back after the client was away, up to the last one that the broker still has."""
    received: list[bytes] = []
    with broker_in(folder, shipped=shipped) as broker:
        _connect_until(broker.port, received, lambda: True)
        messages = [Message(b"machines/M-1/hours", b"%d" % number) for number in range(_SENT)]
        assert len(publish(broker.port, messages)) == _SENT, "the broker has acknowledged every one"

        def last_has_come() -> bool:
            publish(broker.port, [Message(b"machines/M-1/hours", b"last")])
            return b"last" in received

        _connect_until(broker.port, received, last_has_come)
    return [payload for payload in received if payload != b"last"]


def _connect_until(port: int, received: list[bytes], done: Callable[[], bool]) -> None:
    """Be there, from online until done."""

    def store(batch: list[Delivery]) -> None:
        received.extend(delivery.payload for delivery in batch)

    connection = Connection(MqttSettings(port=port), ["machines/+/hours"], store, lambda: True, clock_ms)  # type: ignore[arg-type]
    stop = threading.Event()
    thread = threading.Thread(target=connection.run, args=(stop,))
    thread.start()
    with watching(port, "hourkeeper/status") as seen:
        until(lambda: seen.last("hourkeeper/status") == b"online", "it says online")
        until(done, "done")
    stop.set()
    thread.join()


def test_the_shipped_configuration_loses_nothing_of_five_thousand_messages(tmp_path: Path) -> None:
    assert _kept_for_an_absent_client(tmp_path, shipped=True) == [b"%d" % number for number in range(_SENT)]


def test_the_default_loses_most_of_them(tmp_path: Path) -> None:
    kept = _kept_for_an_absent_client(tmp_path, shipped=False)

    print(f"Mosquitto's default kept {len(kept)} of {_SENT}")
    assert len(kept) < _SENT / 2
