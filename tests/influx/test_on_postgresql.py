"""PostgreSQL notes what is to be copied in its own words; all that comes of it is the same."""

from __future__ import annotations

from adapters.store import copying
from daemon.voiding import void
from tests.influx.conftest import fleet_at
from tests.support.influx import between, fake_influx
from tests.support.postgres import postgres


def test_postgresql_notes_what_is_to_be_copied() -> None:
    with postgres() as server, fake_influx() as influx, between(influx) as proxy:
        fleet = fleet_at(server.new_database())
        store = fleet.world.keeper.store
        for hours in ("1", "1", "1", "9000", "1.5"):
            fleet.says(hours)
        fleet.passes(3600)
        fleet.says("1.2", "2025-03-03 09:30:00")
        fleet.copies(proxy.settings)
        assert len(influx.points("")) == 2 + 5
        assert influx.points("") == fleet.believed()

        with store.write() as connection:
            number = connection.exec_driver_sql("SELECT min(id) FROM readings WHERE total_ms = 3600000").scalar_one()
            void(connection, fleet.world.keeper, number, "typed wrongly", "Wang", fleet.world.now_ms)
        fleet.copies(proxy.settings)
        assert len(influx.points("")) == 2 + 4
        assert influx.points("") == fleet.believed()

        with store.write() as connection:
            assert not copying.switch_on(connection)
            copying.switch_off(connection)
            assert not copying.is_on(connection)
        fleet.says("1.6")
        assert fleet.waiting() == 0
        with store.write() as connection:
            assert copying.switch_on(connection)
        fleet.says("1.7")
        assert fleet.waiting() == 1
        store.close()
