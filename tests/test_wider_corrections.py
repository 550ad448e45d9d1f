"""Wrong numbers, transfers and hours: corrected, a machine is as one that was reported rightly (rules 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.store.tables import findings, machines, metadata, notices, readings
from daemon.consequences import rehearse
from daemon.correcting import correct
from daemon.correction import Correction, Move, move
from daemon.refused import RefusedError
from schedules.hours import MS_PER_HOUR
from schedules.work_order import Kind, OrderKey, State
from tests.keeping import at
from tests.past import BY, WHY, Past

FIRST = OrderKey(Kind.MANDATORY_VISIT, "100")


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "past.db")


def lived(tmp_path: Path, name: str, story: Callable[[Past], None]) -> Past:
    """A world of its own in which a story happened."""
    world = Past(tmp_path / f"{name}.db")
    story(world)
    return world


# --- a wrong number ---


def test_a_machine_gets_its_true_number_with_all_that_is_stored_of_it(past: Past) -> None:
    past.registers()
    past.goes_to("2025-03-03 09:00")
    past.measured("2025-03-02 10:00", "3", "L7")  # it sends under its true number, which nobody knows yet
    past.sold_on("2025-03-03", service_centre="UNKNOWN")
    past.measured("2025-03-04 10:00", "12")
    past.goes_to("2025-03-12 09:00")
    past.does("L1", "100")
    past.goes_to("2025-04-01 09:00")
    before = past.told()

    past.corrected(facts={"machine_id": "L7"})

    assert past.told("L7") == before
    assert past.machine("L7").total_ms == 12 * MS_PER_HOUR
    with past.keeper.store.read() as connection:
        for table in metadata.sorted_tables:
            if "machine_id" in table.columns:
                assert "L1" not in set(connection.execute(select(table.c.machine_id)).scalars()), table.name
        assert "L1" not in set(connection.execute(select(findings.c.subject)).scalars())
        waited = select(readings.c.verdict).where(readings.c.dial_ms == 3 * MS_PER_HOUR)
        assert connection.execute(waited).scalar() != "unknown_machine"
    past.goes_to("2025-06-10 09:00")
    assert past.told("L7")["600"].startswith("overdue")


def test_a_number_that_another_machine_has_is_refused(past: Past) -> None:
    past.goes_to("2025-03-03 09:00")
    past.sold_on("2025-03-03")
    past.sold_on("2025-03-03", "L2")

    with pytest.raises(RefusedError, match="L2 is already registered"):
        past.corrected(facts={"machine_id": "L2"})

    assert past.machine("L1").handed_over_on == date(2025, 3, 3)


def test_a_new_number_is_shown_before_it_is_given(past: Past) -> None:
    past.goes_to("2025-03-03 09:00")
    past.sold_on("2025-03-03")
    command = Correction("L1", BY, WHY, facts={"machine_id": "L7"})

    shown = rehearse(past.keeper, "L1", lambda connection: correct(connection, past.keeper, command, past.now_ms), "L7")

    assert shown.lines() == ["machine number: L1 -> L7"]
    with past.keeper.store.read() as connection:
        assert list(connection.execute(select(machines.c.machine_id)).scalars()) == ["L1"]


# --- wrong transfers ---


def test_a_wrong_region_in_the_middle_is_put_right(tmp_path: Path) -> None:
    def story(world: Past, first: str) -> None:
        world.goes_to("2025-08-05 09:00")
        world.stocked_on("2025-08-05", region="46", yard="Y1")
        world.goes_to("2025-09-20 09:00")
        world.moves("L1", region=first, yard="Y2")
        world.goes_to("2025-11-20 09:00")
        world.moves("L1", region="37", yard="Y3")
        world.goes_to("2025-12-01 09:00")

    right = lived(tmp_path, "right", lambda world: story(world, "23"))
    wrong = lived(tmp_path, "wrong", lambda world: story(world, "44"))
    assert wrong.told() != right.told()

    wrong.corrected(transfers={date(2025, 9, 20): Move(region="23")})

    assert wrong.told() == right.told()
    assert any(step.endswith("@23") for step in wrong.told())


def test_a_transfer_that_never_was_is_taken_out(tmp_path: Path) -> None:
    def begin(world: Past) -> None:
        world.goes_to("2025-08-05 09:00")
        world.stocked_on("2025-08-05", region="46", yard="Y1")

    def wrongly(world: Past) -> None:
        begin(world)
        world.goes_to("2025-10-10 09:00")
        world.moves("L1", region="23", yard="Y2")
        world.goes_to("2025-12-01 09:00")

    def rightly(world: Past) -> None:
        begin(world)
        world.goes_to("2025-12-01 09:00")

    right, wrong = lived(tmp_path, "right", rightly), lived(tmp_path, "wrong", wrongly)
    assert any("@23" in step for step in wrong.told())

    wrong.corrected(undo_transfers=(date(2025, 10, 10),))

    assert wrong.told() == right.told()
    assert wrong.machine().region == "46"


def test_a_transfer_that_nobody_recorded_is_put_in(tmp_path: Path) -> None:
    def rightly(world: Past) -> None:
        world.goes_to("2025-08-05 09:00")
        world.stocked_on("2025-08-05", region="46", yard="Y1")
        world.goes_to("2025-11-20 09:00")
        world.moves("L1", region="23", yard="Y2")
        world.goes_to("2025-12-05 09:00")

    def wrongly(world: Past) -> None:
        world.goes_to("2025-08-05 09:00")
        world.stocked_on("2025-08-05", region="46", yard="Y1")
        world.goes_to("2025-12-05 09:00")

    right, wrong = lived(tmp_path, "right", rightly), lived(tmp_path, "wrong", wrongly)

    wrong.corrected(missing_transfers=(Move(date(2025, 11, 20), "23", "Y2"),))

    assert wrong.told() == right.told()
    assert wrong.machine().arrived_on == date(2025, 11, 20)


def test_a_transfer_that_is_not_known_is_refused_naming_those_that_are(past: Past) -> None:
    past.goes_to("2025-08-05 09:00")
    past.stocked_on("2025-08-05", region="46")
    past.goes_to("2025-10-10 09:00")
    past.moves("L1", region="23")

    with pytest.raises(RefusedError, match=r"no transfer on 2025-10-11: its transfers were on 2025-10-10"):
        past.corrected(transfers={date(2025, 10, 11): Move(region="37")})


def test_a_transfer_is_written_in_parts() -> None:
    assert move("on=2025-11-24,region=23, yard=Y2") == Move(date(2025, 11, 24), "23", "Y2")
    with pytest.raises(ValueError, match="'place=here' is none of on=DATE, region=CODE, yard=CODE"):
        move("place=here")


# --- wrong hours at the hand-over ---


def test_the_hours_at_the_hand_over_are_put_right(tmp_path: Path) -> None:
    def story(world: Past, hours: str) -> None:
        world.goes_to("2025-03-03 09:00")
        world.sold_on("2025-03-03", hours=hours)
        world.goes_to("2025-03-05 09:00")

    right = lived(tmp_path, "right", lambda world: story(world, "2"))
    wrong = lived(tmp_path, "wrong", lambda world: story(world, "105"))
    assert wrong.machine().orders[FIRST].state is State.DUE
    assert FIRST not in right.machine().orders

    wrong.corrected(facts={"handover_hours": Decimal(2)})

    assert wrong.told() == right.told()
    assert wrong.machine().total_ms == right.machine().total_ms


def test_hours_that_nobody_had_recorded_are_put_in(past: Past) -> None:
    past.goes_to("2025-03-03 09:00")
    past.sold_on("2025-03-03", hours=None)
    past.goes_to("2025-03-05 09:00")
    assert past.told() == {}

    past.corrected(facts={"handover_hours": Decimal(105)})

    assert past.machine().orders[FIRST].state is State.DUE


def test_what_was_withdrawn_is_told_to_nobody(past: Past) -> None:
    past.registers()
    past.goes_to("2025-03-03 09:00")
    past.sold_on("2025-03-03", hours="105")
    past.corrected(facts={"handover_hours": Decimal(2)})

    past.gathers(3_600_000)

    assert past.letters() == {}
    with past.keeper.store.read() as connection:
        assert not connection.execute(select(notices.c.id).where(notices.c.letter_id.isnot(None))).all()


def test_a_reading_at_once_is_judged_by_the_corrected_hours(past: Past) -> None:
    past.goes_to("2025-03-03 09:00")
    past.sold_on("2025-03-03", hours="105")
    past.now_ms = at("2025-03-04 09:00")
    refused = past.measured("2025-03-04 09:00", "10")
    assert past.verdicts()[refused] == "rollback"

    past.corrected(facts={"handover_hours": Decimal(2)})

    assert past.verdicts()[refused] == "accepted"
    assert past.machine().total_ms == 10 * MS_PER_HOUR
