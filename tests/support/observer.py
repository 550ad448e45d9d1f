"""A client that watches topics, and remembers what it saw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.waiting import until


@dataclass
class Seen:
    """What came: topic, payload and whether it was retained."""

    messages: list[tuple[str, bytes, bool]] = field(default_factory=list)

    def last(self, topic: str) -> bytes | None:
        """The last payload of a topic."""
        return next((payload for at, payload, _retained in reversed(self.messages) if at == topic), None)


@contextmanager
def watching(port: int, *topics: str) -> Iterator[Seen]:
    """Subscribe, and remember what comes meanwhile."""
    seen = Seen()
    subscribed: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _d, message: seen.messages.append(
        (message.topic, bytes(message.payload), message.retain)
    )
    client.on_subscribe = lambda *_: subscribed.append(True)

    def subscribe(*_: object) -> None:
        client.subscribe([(topic, 1) for topic in topics])

    client.on_connect = subscribe
    until(lambda: _connected(client, port), "the broker takes connections")
    client.loop_start()
    try:
        until(lambda: subscribed, "the subscription is granted")
        yield seen
    finally:
        client.disconnect()
        client.loop_stop()


def _connected(client: paho.Client, port: int) -> bool:
    try:
        client.connect("127.0.0.1", port)
    except OSError:
        return False
    return True
