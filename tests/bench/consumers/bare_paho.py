"""paho alone: receives and acknowledges every message, and does nothing with it.

`python -m tests.bench.consumers.bare_paho PORT CLIENT_ID PROTOCOL RECEIVE_MAXIMUM MESSAGES`; receive maximum 0: none.
"""

from __future__ import annotations

import sys

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.bench.broker import session_of
from tests.bench.consumers.stopwatch import Stopwatch


def client_of(client_id: str, *, version_5: bool) -> paho.Client:
    """A client with a persistent session that acknowledges by hand."""
    version = MQTTProtocolVersion.MQTTv5 if version_5 else MQTTProtocolVersion.MQTTv311
    clean = {} if version_5 else {"clean_session": False}
    return paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=version, manual_ack=True, **clean)


def main(port: int, client_id: str, protocol: str, receive_maximum: int, messages: int) -> None:
    """Drain the backlog."""
    client, watch, seen = client_of(client_id, version_5=protocol == "5"), Stopwatch(), 0

    def on_message(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        client.ack(message.mid, message.qos)
        if seen == messages:
            client.disconnect()

    client.on_connect = lambda *_: watch.begin()
    client.on_message = on_message
    client.connect("127.0.0.1", port, **session_of(version_5=protocol == "5", receive_maximum=receive_maximum))
    client.loop_forever()
    watch.end(seen)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
