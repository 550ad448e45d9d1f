"""What InfluxDB holds is what the store believes, whatever fails in between; the clock is an argument throughout.

The same tests run on a real server: `make influx-contract` with TEST_INFLUX_URL, _ORG, _BUCKET and _TOKEN.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import delete, select
from structlog.testing import capture_logs

from adapters.influx.history import InfluxHistory
from adapters.influx.point import time_ns
from adapters.influx.server import InfluxFaultError, InfluxServer, InfluxSettings
from adapters.store.hour_history import StoreHistory
from adapters.store.outside_tables import influx_pending
from adapters.store.tables import readings
from daemon import copy_standing
from daemon.correcting import correct
from daemon.correction import Correction
from daemon.hour_history import FirstOrElse
from daemon.voiding import void
from tests.influx.conftest import Fleet
from tests.keeping import MINUTE, at
from tests.support.influx import Answer, Between, Upstream, between, refusing

_HOUR_S = 3600


def _days(fleet: Fleet, days: int, machine: int = 1) -> None:
    for day in range(days):
        fleet.says(f"{8 * day + 0.123}", machine=machine)
        fleet.passes(86_400)


def _numbers(fleet: Fleet) -> list[int]:
    with fleet.world.keeper.store.read() as connection:
        return list(connection.execute(select(readings.c.id).order_by(readings.c.id)).scalars())


def _standing(fleet: Fleet) -> Mapping[str, object]:
    with fleet.world.keeper.store.read() as connection:
        return copy_standing.standing(connection, fleet.world.keeper, fleet.world.now_ms, 10)


def test_points_are_the_believed_readings_exactly(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    _days(fleet, 3)
    fleet.says("16.1")  # noise: a little less than before
    fleet.says("9", "2025-03-04 20:00:00")  # late
    fleet.says("9000")  # a jump
    fleet.says('"much"')  # malformed
    fleet.copies(proxy.settings)
    assert len(fleet.believed()) == 2 + 3 + 2  # with what the two machines had run at their hand-over
    assert upstream.points(fleet.run) == fleet.believed()
    assert _standing(fleet)["state"] == "complete"


def test_readings_of_one_millisecond_are_points_each(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    for hours in ("1", "1", "1.25", "1.5"):
        fleet.says(hours)
    fleet.copies(proxy.settings)
    assert len(upstream.points(fleet.run)) == 6
    assert upstream.points(fleet.run) == fleet.believed()


def test_the_same_points_again_change_nothing(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    _days(fleet, 3)
    fleet.copies(proxy.settings)
    before = upstream.points(fleet.run)
    assert copy_standing.note_everything(fleet.world.keeper.store, lambda _done, _all: None) == len(before)
    fleet.copies(proxy.settings, batch=2)
    assert upstream.points(fleet.run) == before == fleet.believed()


def test_a_server_that_is_down_for_an_hour_is_asked_seldom_and_gets_everything_afterwards(
    fleet: Fleet, upstream: Upstream, free_port: int
) -> None:
    away = replace(upstream.settings, url=f"http://127.0.0.1:{free_port}")
    with fleet.copier(away) as copier, capture_logs() as logs:
        for second in range(0, _HOUR_S, 5):
            if second % 300 == 0:
                fleet.says(f"{second / 3600:.3f}")
            assert not copier.turn()
            fleet.passes(5)
        copier.end()
    assert _HOUR_S / 35 <= fleet.failures() <= _HOUR_S / 15 + 10
    assert fleet.waiting() == 12 + 2
    assert 5 <= len([each for each in logs if each["event"] == "influx_away"]) <= 9
    assert _standing(fleet)["state"] == "failing"

    fleet.passes(30)
    with capture_logs() as logs, between(upstream) as proxy:
        fleet.copies(proxy.settings)
    assert [each["event"] for each in logs] == ["influx_resumed"]
    assert upstream.points(fleet.run) == fleet.believed()
    assert _standing(fleet)["state"] == "complete"


def test_a_token_that_is_not_taken_is_said_loudly_and_costs_nothing(
    fleet: Fleet, proxy: Between, upstream: Upstream
) -> None:
    _days(fleet, 2)
    with capture_logs() as logs:
        fleet.copies(replace(proxy.settings, token="wrong-token-canary"))
    said = logs[0]
    assert (said["log_level"], said["event"]) == ("error", "influx_away")
    assert "401" in said["error"]
    assert "influx.token_file" in said["advice"]
    assert "canary" not in str(logs)
    assert (fleet.waiting(), upstream.points(fleet.run)) == (4, {})

    fleet.passes(2)
    fleet.copies(proxy.settings)
    assert upstream.points(fleet.run) == fleet.believed()


def test_a_point_that_the_server_does_not_want_is_parked_with_its_reason_and_blocks_no_other(
    fleet: Fleet, proxy: Between, upstream: Upstream
) -> None:
    before = fleet.believed()
    # A week that no other run of these tests writes to: a real server keeps what it was once given.
    fleet.passes((300 + int(fleet.run[1:5], 16) % 3000) * 7 * 86_400)
    at_ns = time_ns(fleet.world.now_ms, 0)
    upstream.write_line(f'hour_meter,machine_id=X{fleet.run},source=other total_hours="ten" {at_ns}')
    fleet.says("0.5")
    unwanted = fleet.believed().keys() - before.keys()
    fleet.passes(14 * 86_400)
    _days(fleet, 20)
    with capture_logs() as logs:
        fleet.copies(proxy.settings, batch=7)
    parked = [each for each in logs if each["event"] == "influx_point_parked"]
    assert len(parked) == len(unwanted) == 1
    assert "type conflict" in str(parked[0]["reason"])
    wanted = {key: point for key, point in fleet.believed().items() if key not in unwanted}
    assert upstream.points(fleet.run) == wanted
    stands = _standing(fleet)
    assert (stands["state"], stands["waiting"], stands["parked"]) == ("parked", 0, 1)
    assert "type conflict" in str(stands["parked_points"])


def test_parked_points_are_tried_again_when_somebody_asks(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    proxy.answer = lambda _path, _lines: refusing(422, "not this one")
    _days(fleet, 3)
    fleet.copies(proxy.settings)
    assert (_standing(fleet)["parked"], upstream.points(fleet.run)) == (5, {})
    proxy.answer = lambda _path, _lines: None
    assert copy_standing.try_parked_again(fleet.world.keeper.store) == 5
    fleet.copies(proxy.settings)
    assert upstream.points(fleet.run) == fleet.believed()


def test_a_body_that_is_too_large_is_halved(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    def at_most_3(_path: str, lines: int) -> Answer | None:
        return refusing(413, "too large") if lines > 3 else None

    proxy.answer = at_most_3
    _days(fleet, 9)
    fleet.copies(proxy.settings)
    assert upstream.points(fleet.run) == fleet.believed()
    assert _standing(fleet)["parked"] == 0


def test_a_lost_reply_costs_nothing_and_doubles_nothing(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    _days(fleet, 3)
    proxy.hush = True
    fleet.copies(proxy.settings)
    assert upstream.points(fleet.run) == fleet.believed()
    assert fleet.waiting() == 5
    proxy.hush = False
    fleet.passes(2)
    fleet.copies(proxy.settings)
    assert upstream.points(fleet.run) == fleet.believed()
    assert fleet.waiting() == 0


@pytest.mark.parametrize("status", [429, 503])
def test_the_server_is_left_alone_for_as_long_as_it_asks(
    fleet: Fleet, proxy: Between, upstream: Upstream, status: int
) -> None:
    proxy.answer = lambda _path, _lines: refusing(status, "later", Retry_After="120")
    fleet.copies(proxy.settings)
    proxy.answer = lambda _path, _lines: None
    fleet.passes(119)
    fleet.copies(proxy.settings)
    assert len(proxy.asked) == 1
    fleet.passes(1)
    fleet.copies(proxy.settings)
    assert len(proxy.asked) == 2
    assert upstream.points(fleet.run) == fleet.believed()


def test_a_slow_server_holds_up_no_reading(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    proxy.hold = threading.Event()
    with fleet.copier(proxy.settings) as copier:
        sending = threading.Thread(target=copier.turn)
        sending.start()
        for hours in range(50):
            fleet.passes(_HOUR_S)
            fleet.says(f"{hours}")
        proxy.hold.set()
        sending.join()
        while copier.turn():
            pass
    assert upstream.points(fleet.run) == fleet.believed()


def test_a_server_that_does_not_answer_is_given_up_in_time(fleet: Fleet, proxy: Between) -> None:
    proxy.hold = threading.Event()
    fleet.copies(replace(proxy.settings, timeout_s=0.2))
    assert (fleet.failures(), fleet.waiting()) == (1, 2)
    assert "does not answer" in str(_standing(fleet)["error"])


def test_what_is_not_believed_any_more_is_erased_alone(fleet: Fleet, proxy: Between, upstream: Upstream) -> None:
    for hours in ("1", "1", "1"):
        fleet.says(hours)
    fleet.copies(proxy.settings)
    with fleet.world.keeper.store.write() as connection:
        void(connection, fleet.world.keeper, _numbers(fleet)[-2], "typed wrongly", "Wang", fleet.world.now_ms)
    fleet.copies(proxy.settings)
    assert len(upstream.points(fleet.run)) == 4
    assert upstream.points(fleet.run) == fleet.believed()


def test_a_reading_that_was_voided_and_judged_again_before_it_was_sent_is_one_point(
    fleet: Fleet, proxy: Between, upstream: Upstream
) -> None:
    _days(fleet, 4)
    with fleet.world.keeper.store.write() as connection:
        void(connection, fleet.world.keeper, _numbers(fleet)[2], "typed wrongly", "Wang", fleet.world.now_ms)
    fleet.copies(proxy.settings, batch=1)
    assert upstream.points(fleet.run) == fleet.believed()


def test_a_machine_that_gets_another_number_takes_its_points_along(
    fleet: Fleet, proxy: Between, upstream: Upstream
) -> None:
    _days(fleet, 2)
    fleet.says("4", "2025-03-04 21:00:00", machine=7)  # waits under the number it will have
    fleet.copies(proxy.settings)
    assert len(upstream.points(fleet.run)) == 4
    command = Correction(fleet.machine(), "Wang", "typed wrongly", {"machine_id": fleet.machine(7)})
    with fleet.world.keeper.store.write() as connection:
        correct(connection, fleet.world.keeper, command, fleet.world.now_ms)
    fleet.copies(proxy.settings)
    assert {machine for machine, _ in upstream.points(fleet.run)} == {fleet.machine(2), fleet.machine(7)}
    assert upstream.points(fleet.run) == fleet.believed()


def test_two_processes_do_not_send_at_once(fleet: Fleet, proxy: Between) -> None:
    with fleet.copier(proxy.settings) as one, fleet.copier(proxy.settings) as other:
        assert one.turn()
        fleet.says("0.1")
        assert not other.turn()
        one.end()
        assert other.turn()


def test_a_copier_that_died_is_followed_when_its_lease_is_over(fleet: Fleet, proxy: Between) -> None:
    with fleet.copier(proxy.settings) as one, fleet.copier(proxy.settings) as other:
        assert one.turn()
        fleet.says("0.1")
        fleet.passes(proxy.settings.timeout_s * 60)
        assert other.turn()
        assert fleet.waiting() == 0


def test_both_histories_say_the_same(fleet: Fleet, proxy: Between) -> None:
    _days(fleet, 5)
    fleet.says("30", "2025-03-07 01:00:00")
    fleet.copies(proxy.settings)
    server = InfluxServer(proxy.settings)
    store, influx = StoreHistory(fleet.world.keeper.store), InfluxHistory(server)
    machine, begins, ends = fleet.machine(), at("2025-03-04 00:00"), at("2025-03-07 09:00")
    for period in ((0, fleet.world.now_ms + MINUTE), (begins, ends), (ends, ends + 1)):
        told = list(store.totals(machine, *period))
        assert list(influx.totals(machine, *period)) == told
    assert len(told) == 1
    assert list(influx.totals("nobody", 0, ends)) == list(store.totals("nobody", 0, ends)) == []
    server.close()


def test_hours_by_day_come_from_the_copy_and_while_it_is_away_from_the_store(
    fleet: Fleet, proxy: Between, free_port: int
) -> None:
    _days(fleet, 3)
    fleet.copies(proxy.settings)
    server, away = (InfluxServer(each) for each in (proxy.settings, refusing_at(proxy.settings, free_port)))
    store, machine = StoreHistory(fleet.world.keeper.store), fleet.machine()
    both, alone = FirstOrElse(InfluxHistory(server), store), FirstOrElse(InfluxHistory(away), store)
    whole = store.daily(machine, fleet.world.now_ms + 1)
    assert len(whole) >= 3
    assert both.daily(machine, fleet.world.now_ms + 1) == whole

    with fleet.world.keeper.store.write() as connection:  # as retention does with old readings
        connection.execute(delete(readings).where(readings.c.time_ms == whole[1][0]))
    fleet.says("30")  # not copied yet
    ends_ms = fleet.world.now_ms + 1
    newest = store.daily(machine, ends_ms)[-1]
    assert both.daily(machine, ends_ms) == [*[each for each in whole if each[0] < newest[0]], newest]
    assert alone.daily(machine, ends_ms) == store.daily(machine, ends_ms)
    assert both.daily("nobody", ends_ms) == []
    server.close()
    away.close()


def refusing_at(settings: InfluxSettings, port: int) -> InfluxSettings:
    """The same where nobody listens."""
    return replace(settings, url=f"http://127.0.0.1:{port}", timeout_s=1.0)


def test_a_server_is_tried_out_without_writing(proxy: Between, upstream: Upstream, fleet: Fleet) -> None:
    server = InfluxServer(proxy.settings)
    server.try_out()
    server.close()
    ours = proxy.settings
    wrong = {
        "token": replace(ours, token="x"),
        "bucket": replace(ours, bucket="nowhere"),
        "org": replace(ours, org="nobody"),
    }
    for said, settings in wrong.items():
        server = InfluxServer(settings)
        with pytest.raises(InfluxFaultError) as fault:
            server.try_out()
        assert f"influx.{said}" in str(fault.value.advice)
        server.close()
    assert upstream.points(fleet.run) == {}


def test_a_stale_note_comes_to_nothing(fleet: Fleet, proxy: Between) -> None:
    """Retention may have deleted the reading meanwhile."""
    with fleet.world.keeper.store.write() as connection:
        connection.execute(influx_pending.insert().values(reading_id=999_999))
    fleet.copies(proxy.settings)
    assert fleet.waiting() == 0
