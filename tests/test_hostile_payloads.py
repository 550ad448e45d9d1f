"""A thousand things that no meter should send: each is kept with a verdict, and none keeps a good reading out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.support.fleet import fleet
from tests.support.hostile import hostile_messages
from tests.support.ledger import readings_lost, store_faults
from tests.support.rig import rig_in

_KEPT = """
SELECT verdict, reason, topic, payload, size FROM readings LEFT JOIN raw_deliveries ON reading_id = id
"""
_HOSTILE = 1200


def test_every_hostile_message_is_kept_with_a_reason_and_no_good_one_is_lost(tmp_path: Path) -> None:
    machines = fleet(22, 4, 150)
    hostile = hostile_messages(22, _HOSTILE)
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        taken = 0
        share = len(hostile) // len(machines.readings) + 1
        for number, reading in enumerate(machines.readings):
            taken += sum(rig.publisher.offer(each) for each in hostile[number * share : (number + 1) * share])
            rig.publish([reading])
        rig.publisher.acknowledged = [each for each in rig.publisher.acknowledged if each in rig.planned]
        rig.drain()

        assert not readings_lost(rig.daemon.database, rig.acknowledged)
        assert not store_faults(rig.daemon.database)
        assert len(rig.daemon.events("mqtt_connected")) == 1, "the connection was lost"
        assert not rig.daemon.events("mqtt_turn_failed")
        assert not rig.daemon.events("delivery_not_read"), "the decoder itself knows what to say of each"
        assert not rig.daemon.events("reading_quarantined"), "nothing needs the database to refuse it"
        assert taken > 1000, "the broker itself refused most of them"
        deliveries = taken + len(machines.readings) + 1
        tally = rig.daemon.asks("SELECT verdict, count FROM reading_tally")
        _each_is_accounted_for(rig.daemon.asks(_KEPT), tally, deliveries)


def _each_is_accounted_for(kept: list[tuple[object, ...]], tally: list[tuple[object, ...]], deliveries: int) -> None:
    """One row for each delivery but the repeated ones, which are counted; a reason wherever it is refused."""
    print(Counter(str(row[0]) for row in kept), tally)
    assert all(reason for verdict, reason, *_ in kept if verdict not in {"accepted", "late", "noise"})
    counted = sum(int(str(row[1])) for row in tally)
    assert len(kept) + counted == deliveries
