"""A network between broker and daemon that stalls, loses, delays and cuts (fault 8): nothing is lost, it goes on alone.

Each fault lasts until the daemon has noticed it, where it is to be noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.support.fleet import Planned, fleet
from tests.support.rig import Rig, rig_in
from tests.support.tcp_proxy import Mood, Proxy, proxy
from tests.support.waiting import until

_KEEPALIVE_S = 5


def test_8_a_connection_that_is_half_open_stalled_slow_or_cut(tmp_path: Path) -> None:
    machines = fleet(8, 10, 60)
    portions = [machines.readings[begin::6] for begin in range(6)]
    with proxy() as between, rig_in(tmp_path, machines, mqtt=_through(between)) as rig:
        between.target = ("127.0.0.1", rig.broker.port)
        rig.daemon.start_ready()

        _noticed(rig, between, Mood.STALLS, portions[0])
        _noticed(rig, between, Mood.LOSES_ANSWERS, portions[1])
        _works_on(rig, between, portions[2])
        for readings in (portions[3][:20], portions[3][20:40], portions[3][40:]):
            rig.publish(readings)
            between.cut()
        between.be(Mood.REFUSES)
        between.cut()
        rig.publish(portions[4])
        refused = len(rig.daemon.events("mqtt_disconnected")) + len(rig.daemon.events("mqtt_unreachable"))
        until(
            lambda: len(rig.daemon.events("mqtt_disconnected")) + len(rig.daemon.events("mqtt_unreachable")) > refused,
            "it is refused",
        )
        between.be(Mood.PASSES)
        rig.publish(portions[5])

        rig.drain()
        breaches = rig.breaches()
        assert not breaches, str(breaches)


def _through(between: Proxy) -> dict[str, object]:
    return {"port": between.port, "keepalive": _KEEPALIVE_S}


def _noticed(rig: Rig, between: Proxy, mood: Mood, readings: Sequence[Planned]) -> None:
    """The daemon finds out by its keepalive, and comes back when it is over."""
    lost = len(rig.daemon.events("mqtt_disconnected"))
    connected = len(rig.daemon.events("mqtt_connected"))
    between.be(mood)
    rig.publish(readings)
    rig.daemon.wait_for("mqtt_disconnected", lost + 1)
    between.be(Mood.PASSES)
    between.cut()
    rig.daemon.wait_for("mqtt_connected", connected + 1)


def _works_on(rig: Rig, between: Proxy, readings: Sequence[Planned]) -> None:
    """Slow is no fault: the connection is kept, and the readings are taken."""
    connected = len(rig.daemon.events("mqtt_connected"))
    between.be(Mood.IS_SLOW)
    stored = rig.daemon.count("SELECT count(*) FROM readings")
    rig.publish(readings)
    until(lambda: rig.daemon.count("SELECT count(*) FROM readings") > stored, "slow readings are taken")
    between.be(Mood.PASSES)
    assert len(rig.daemon.events("mqtt_connected")) == connected
