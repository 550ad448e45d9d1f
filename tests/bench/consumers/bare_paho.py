"""paho alone: receives and acknowledges every message, and does nothing with it.

`python -m tests.bench.consumers.bare_paho PORT CLIENT_ID PROTOCOL RECEIVE_MAXIMUM MESSAGES`; receive maximum 0: none.
"""

from __future__ import annotations

import sys

from paho.mqtt import client as paho

from tests.bench.consumers.stopwatch import Stopwatch
from tests.bench.sessions import client_of, session_of


def main(port: int, client_id: str, protocol: str, receive_maximum: int, messages: int) -> None:
    """Drain the backlog."""
    client, watch, seen = client_of(client_id, protocol), Stopwatch(), 0

    def on_message(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        client.ack(message.mid, message.qos)
        if seen == messages:
            client.disconnect()

    client.on_connect = lambda *_: watch.begin()
    client.on_message = on_message
    client.connect("127.0.0.1", port, **session_of(protocol, receive_maximum))
    client.loop_forever()
    watch.end(seen)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
