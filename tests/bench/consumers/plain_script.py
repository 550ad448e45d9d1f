"""The script anybody would write: batches of 500 in one SQLite transaction, acknowledged afterwards.

No rules, no strict decoding, no dedup, no reconnect. `python -m tests.bench.consumers.plain_script PORT CLIENT_ID
PROTOCOL RECEIVE_MAXIMUM MESSAGES DATABASE`; receive maximum 0: none.
"""

from __future__ import annotations

import json
import sqlite3
import sys

from paho.mqtt import client as paho

from tests.bench.broker import session_of
from tests.bench.consumers.bare_paho import client_of
from tests.bench.consumers.stopwatch import Stopwatch

_BATCH = 500


def main(port: int, client_id: str, protocol: str, receive_maximum: int, messages: int, file: str) -> None:
    """Drain the backlog."""
    client, watch, database = client_of(client_id, version_5=protocol == "5"), Stopwatch(), _open(file)
    rows: list[tuple[str, float, str]] = []
    mids: list[int] = []
    seen = 0

    def on_message(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        reading = json.loads(message.payload)
        rows.append((message.topic.split("/")[1], reading["hours"], reading["at"]))
        mids.append(message.mid)
        if len(rows) == _BATCH or seen == messages:
            store(client)

    def store(client: paho.Client) -> None:
        with database:
            database.executemany("INSERT INTO readings (machine_id, hours, at) VALUES (?, ?, ?)", rows)
        for mid in mids:
            client.ack(mid, 1)
        rows.clear()
        mids.clear()
        if seen == messages:
            client.disconnect()

    client.on_connect = lambda *_: watch.begin()
    client.on_message = on_message
    client.connect("127.0.0.1", port, **session_of(version_5=protocol == "5", receive_maximum=receive_maximum))
    client.loop_forever()
    watch.end(seen, database.execute("SELECT count(*) FROM readings").fetchone()[0])


def _open(file: str) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, machine_id TEXT, hours REAL, at TEXT)")
    return database


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
