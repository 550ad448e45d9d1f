"""A replica that stays away is noticed by the others: its slot's readings wait at the broker for it alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.keeper import Keeper
from daemon.replicas import AWAY_AFTER_MS, Neighbours, standing
from tests.commands.calling import Caller
from tests.keeping import World, at
from tests.support.fleet import fleet
from tests.support.rig import rig_in
from tests.support.waiting import until

NOW = at("2026-03-01 08:00")
SEEN = "SELECT count(*) FROM replicas"


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return World(tmp_path / "hourkeeper.db", now_ms=NOW).keeper


def in_slot(keeper: Keeper, slot: str | None, *, connected: bool = True) -> Neighbours:
    return Neighbours(keeper, slot, lambda: connected)


def states(keeper: Keeper, now_ms: int) -> dict[str, str]:
    with keeper.store.read() as connection:
        return {row["slot"]: row["state"] for row in standing(connection, keeper, now_ms)}


def test_a_replica_that_stays_away_is_told_once_and_so_is_its_return(keeper: Keeper) -> None:
    first, second = in_slot(keeper, "1"), in_slot(keeper, "2")
    first.look_round(NOW)
    second.look_round(NOW)
    later = NOW + AWAY_AFTER_MS
    with capture_logs() as logs:
        first.look_round(later)
        first.look_round(later + 1)
        first.look_round(later + 60_000)
        assert states(keeper, later + 60_000) == {"1": "here", "2": "away"}
        second.look_round(later + 90_000)
        first.look_round(later + 90_001)

    told = [(each["event"], each["slot"]) for each in logs]
    assert told == [("replica_away", "2"), ("replica_back", "2")]
    assert "give-up 2" in logs[0]["what_to_do"]
    assert states(keeper, later + 90_001) == {"1": "here", "2": "here"}


def test_one_without_its_session_at_the_broker_is_as_good_as_away(keeper: Keeper) -> None:
    in_slot(keeper, "1").look_round(NOW)
    in_slot(keeper, "1", connected=False).look_round(NOW + AWAY_AFTER_MS + 1)

    assert states(keeper, NOW + AWAY_AFTER_MS + 1) == {"1": "away"}


def test_the_only_one_keeps_no_company(keeper: Keeper) -> None:
    in_slot(keeper, None).look_round(NOW)

    assert states(keeper, NOW) == {}


def test_a_real_replica_shows_itself_and_is_missed(tmp_path: Path) -> None:
    shared = {"protocol": "5", "group": "fleet", "slot": "1"}
    with rig_in(tmp_path, fleet(1, 2, 3), mqtt=shared) as rig:
        rig.daemon.start_ready()
        until(lambda: rig.daemon.count(SEEN) == 1, "it shows itself")
        rig.daemon.database.does("INSERT INTO replicas (slot, seen_ms) VALUES ('2', 0)")
        missed = rig.daemon.wait_for("replica_away")
        call = partial(Caller(tmp_path), HOURKEEPER_STORE__URL=rig.daemon.database.url)
        listed = call("replicas", "list", "--fail-if-away", "--format", "json")
        given_up, again = call("replicas", "give-up", "2"), call("replicas", "give-up", "2")

    assert [each["slot"] for each in missed] == ["2"]
    assert (listed.code, given_up.code, again.code) == (1, 0, 1)
    assert {row["slot"]: row["state"] for row in listed.json} == {"1": "here", "2": "away"}
    assert "hourkeeper replicas list" in again.err
