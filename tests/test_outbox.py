"""Waiting notices become letters: who is told once of what, with facts read again (rules 8, promise 3)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, select, text, update

from adapters.store import notices as notice_rows
from adapters.store.outbox import ClaimLostError
from adapters.store.tables import letters, metadata, notices, service_centres, work_order_events, work_orders
from daemon.keeper import Manager, Telling
from daemon.outbox import letters_told, make_letters, outbox_of
from daemon.sweep import sweep
from notifications.occasions import Occasion, Role
from notifications.outbox import ClaimedLetter
from schedules.work_order import Kind
from tests.keeping import CUSTOMER, MINUTE, World, at, open_keeper

BOSS = Manager("Boss", "boss@maker.example", "en")
LEASE = 15 * MINUTE


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "outbox.db", Telling(channel="email", managers=(BOSS,)))
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    return made


def claim(world: World) -> ClaimedLetter:
    claimed = world.outbox.claim(world.now_ms, LEASE)
    assert claimed is not None
    return claimed


def claims(world: World) -> dict[tuple[str, str], ClaimedLetter]:
    """All letters that wait; they count as sent."""
    found: dict[tuple[str, str], ClaimedLetter] = {}
    while (claimed := world.outbox.claim(world.now_ms, LEASE)) is not None:
        found[claimed.letter.occasion, claimed.letter.addressee.recipient] = claimed
        if claimed.letter.orders:
            world.outbox.mark_sent(claimed, world.now_ms, "told")
        else:
            world.outbox.mark_dropped(claimed, "nothing in it applies any more")
    return found


def named(claimed: ClaimedLetter) -> list[str]:
    return [f"{order.machine_id}/{order.step}" for order in claimed.letter.orders]


# --- who is told what together ---


def test_one_letter_tells_a_centre_of_all_its_machines(world: World) -> None:
    for machine in ("L1", "L2", "L3"):
        world.sells(machine)
    world.sells("L4", service_centre="SC8", customer="李四", customer_email="li@customer.example")
    world.goes_to("2025-03-13 00:00")

    assert world.gathers() == 4
    assert world.letters() == {
        ("visit_due", "SC7"): ["L1/100", "L2/100", "L3/100"],
        ("visit_due", "张三"): ["L1/100", "L2/100", "L3/100"],
        ("visit_due", "SC8"): ["L4/100"],
        ("visit_due", "李四"): ["L4/100"],
    }


def test_occasions_of_different_machines_are_told_in_letters_of_their_own(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-04 10:00")
    world.sells("L2")
    world.goes_to("2025-03-14 00:00")
    world.gathers()

    assert world.letters() == {
        ("visit_overdue", "SC7"): ["L1/100"],
        ("visit_overdue", "张三"): ["L1/100"],
        ("visit_overdue", "Boss"): ["L1/100"],
        ("visit_due", "SC7"): ["L2/100"],
        ("visit_due", "张三"): ["L2/100"],
    }


def test_several_steps_passed_unseen_are_one_notice(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-05-31 12:00")
    world.gathers()
    claims(world)
    world.reads("L1", "1230")
    world.reads("L2", "610")
    world.gathers()

    told = claims(world)

    assert {key: named(letter) for key, letter in told.items()} == {
        ("visit_overdue", "SC7"): ["L1/600", "L1/1200"],
        ("visit_overdue", "张三"): ["L1/600", "L1/1200"],
        ("visit_overdue", "Boss"): ["L1/600"],
        ("visit_due", "SC7"): ["L2/600"],
        ("visit_due", "张三"): ["L2/600"],
    }
    assert [order.state for order in told["visit_overdue", "SC7"].letter.orders] == ["overdue", "due"]


def test_a_months_list_and_what_was_left_of_the_last_month_are_two_letters(world: World) -> None:
    world.stocks("S1")
    world.stocks("S2")
    world.goes_to("2025-04-01 00:00")
    world.gathers()

    assert world.letters() == {
        ("stock_opened", "Y1"): ["S1/2025-04", "S2/2025-04"],
        ("stock_overdue", "Y1"): ["S1/2025-03", "S2/2025-03"],
        ("stock_overdue", "Boss"): ["S1/2025-03", "S2/2025-03"],
    }
    assert world.dropped() == {("stock_opened", "Y1"): "the order is overdue"}


def test_a_weekly_reminder_does_not_swallow_what_opens_that_day(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-04-26 00:00")
    world.gathers()
    claims(world)
    world.goes_to("2025-05-03 00:00")  # D + 2 months: 600 opens; 100 is reminded of for the seventh time
    world.gathers(8 * 60 * MINUTE)

    told = claims(world)

    assert {key: named(letter) for key, letter in told.items()} == {
        ("visit_still_overdue", "SC7"): ["L1/100"],
        ("visit_still_overdue", "Boss"): ["L1/100"],
        ("visit_upcoming", "SC7"): ["L1/600"],
        ("visit_upcoming", "张三"): ["L1/600"],
    }


def test_an_order_that_waits_under_two_occasions_is_told_once_of_the_stronger(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-14 00:00")
    world.goes_to("2025-03-21 08:00")  # nothing was gathered meanwhile
    world.goes_to("2025-03-22 08:00")
    world.gathers()

    told = claims(world)

    assert {key: named(letter) for key, letter in told.items()} == {
        ("visit_still_overdue", "SC7"): ["L1/100"],
        ("visit_still_overdue", "Boss"): ["L1/100"],
        ("visit_overdue", "张三"): ["L1/100"],
    }


def test_customers_of_one_name_do_not_read_each_others_letters(world: World) -> None:
    world.sells("L1")
    world.sells("L2", customer_email="other@customer.example")
    world.goes_to("2025-03-13 00:00")

    assert world.gathers() == 3
    addresses = {tuple(named(each)): each.letter.addressee.address for each in (claim(world) for _ in range(3))}
    assert addresses == {
        ("L1/100", "L2/100"): "desk@centre.example",
        ("L1/100",): "zhang@customer.example",
        ("L2/100",): "other@customer.example",
    }


# --- when ---


def test_what_falls_due_waits_a_moment(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-13 00:00")

    assert world.gathers(MINUTE - 1) == 0
    assert world.gathers(1) == 2


def test_what_comes_meanwhile_goes_along_with_the_first(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-03-08 12:00")
    world.reads("L1", "100")
    world.now_ms += MINUTE - 1
    world.reads("L2", "100")
    world.gathers(1)

    assert world.letters() == {
        ("visit_due", "SC7"): ["L1/100", "L2/100"],
        ("visit_due", "张三"): ["L1/100", "L2/100"],
    }


def test_what_waits_for_the_morning_does_not_go_along_with_what_falls_due(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-03-09 12:00")
    world.reads("L1", "100")
    world.reads("L2", "80")
    world.gathers()

    assert world.letters() == {("visit_due", "SC7"): ["L1/100"], ("visit_due", "张三"): ["L1/100"]}


def test_what_opens_is_told_in_the_morning(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-10 00:00")
    world.gathers(8 * 60 * MINUTE - 1)
    assert world.letters() == {}

    world.gathers(1)

    assert world.letters() == {("visit_upcoming", "SC7"): ["L1/100"], ("visit_upcoming", "张三"): ["L1/100"]}


def test_nothing_is_told_twice_however_often_it_is_swept_and_gathered(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-13 00:00")
    world.gathers()
    before = world.letters()
    for _ in range(3):
        sweep(world.keeper, world.now_ms)
        assert world.gathers() == 0

    assert world.letters() == before
    assert len(world.states()) == 2


# --- what no longer applies is not told ---


def overdue(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-14 00:00")


def in_stock(world: World) -> None:
    world.stocks("S1", region="23")
    world.goes_to("2025-04-01 00:00")


def withdrawn(world: World) -> None:
    with world.keeper.store.write() as connection:
        connection.execute(delete(work_order_events))
        connection.execute(delete(work_orders))


def to_be_reminded(world: World) -> None:
    overdue(world)
    world.gathers()
    claims(world)
    world.goes_to("2025-03-21 00:00")
    world.now_ms += 8 * 60 * MINUTE


def opening(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-10 00:00")


GONE: list[tuple[Callable[[World], None], Callable[[World], object], dict[tuple[str, str], str]]] = [
    (overdue, lambda world: world.does("L1", "100"), {("visit_overdue", "SC7"): "the order is done"}),
    (overdue, lambda world: world.retires("L1"), {("visit_overdue", "Boss"): "the machine is retired"}),
    (overdue, withdrawn, {("visit_overdue", "张三"): "the order was withdrawn"}),
    (
        overdue,
        lambda world: world.corrects("L1", service_centre="SC8"),
        {("visit_overdue", "SC7"): "the machine has another service centre"},
    ),
    (
        overdue,
        lambda world: world.corrects("L1", customer="李四"),
        {("visit_overdue", "张三"): "the machine has another customer"},
    ),
    (
        overdue,
        lambda world: world.corrects("L1", customer_email=None),
        {("visit_overdue", "张三"): "no usable address: told through the service centre"},
    ),
    (
        overdue,
        lambda world: world.corrects("L1", customer_email="none of your business"),
        {("visit_overdue", "张三"): "no usable address: told through the service centre"},
    ),
    (
        overdue,
        lambda world: world.tell_by(Telling(channel="email")),
        {("visit_overdue", "Boss"): "no manager of this name is concerned with the machine"},
    ),
    (
        overdue,
        lambda world: world.tell_by(Telling(channel="email", managers=(replace(BOSS, regions=frozenset({"46"})),))),
        {("visit_overdue", "Boss"): "no manager of this name is concerned with the machine"},
    ),
    (
        to_be_reminded,
        lambda world: world.acknowledges("L1", "100"),
        {("visit_still_overdue", "Boss"): "the order is acknowledged"},
    ),
    (opening, lambda world: world.goes_to("2025-03-13 00:00"), {("visit_upcoming", "SC7"): "the order is due"}),
    (in_stock, lambda world: world.sells("S1"), {("stock_opened", "Y1"): "the machine is sold"}),
    (
        in_stock,
        lambda world: world.moves("S1", yard="Y2"),
        {("stock_opened", "Y1"): "the machine has another yard"},
    ),
]


@pytest.mark.parametrize(("story", "change", "expected"), GONE)
def test_what_changed_before_the_letter_was_made(
    world: World,
    story: Callable[[World], None],
    change: Callable[[World], object],
    expected: dict[tuple[str, str], str],
) -> None:
    story(world)
    change(world)
    world.gathers()

    assert expected.items() <= world.dropped().items()
    with world.keeper.store.read() as connection:
        made = {(row.occasion, row.recipient) for row in connection.execute(select(letters))}
    assert not made & set(expected)


@pytest.mark.parametrize(("story", "change", "expected"), GONE)
def test_what_changed_between_the_letter_and_its_sending(
    world: World,
    story: Callable[[World], None],
    change: Callable[[World], object],
    expected: dict[tuple[str, str], str],
) -> None:
    story(world)
    world.gathers(8 * 60 * MINUTE)
    for key in expected:
        assert key in world.letters()
    change(world)

    told = claims(world)

    assert expected.items() <= world.dropped().items()
    for key in expected:
        assert told[key].letter.orders == ()


def test_an_upkeep_that_is_due_is_still_told_as_opened(world: World) -> None:
    world.stocks("S1")
    world.goes_to("2025-03-31 00:00")
    assert world.orders() == {"S1/2025-03": "due"}

    world.gathers()

    assert world.letters() == {("stock_opened", "Y1"): ["S1/2025-03"]}


def test_a_month_closed_by_the_incoming_inspection_is_not_told(world: World) -> None:
    world.stocks("S1", inspected=True)
    world.gathers()

    assert world.letters() == {}


def test_orders_that_ended_leave_the_letter_and_the_others_stay(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-03-13 00:00")
    world.gathers()
    world.does("L1", "100")

    told = claims(world)

    assert named(told["visit_due", "SC7"]) == ["L2/100"]
    assert world.dropped() == {("visit_due", "SC7"): "the order is done", ("visit_due", "张三"): "the order is done"}


def test_a_letter_is_named_for_the_strongest_that_is_left_in_it(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-05-31 12:00")
    world.gathers()
    claims(world)
    world.reads("L1", "1230")
    world.gathers()
    with world.keeper.store.write() as connection:
        closed = {"state": "cancelled", "closed_on": date(2025, 5, 31), "closing": "person"}
        connection.execute(update(work_orders).where(work_orders.c.step == "600").values(**closed))

    told = claims(world)

    assert named(told["visit_due", "SC7"]) == ["L1/1200"]


def test_what_was_dropped_stays_so(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-03-13 00:00")
    world.gathers()
    world.corrects("L1", service_centre="SC8")
    claimed = next(each for each in (claim(world), claim(world)) if each.letter.addressee.recipient == "SC7")
    world.outbox.mark_retry(claimed, world.now_ms, "mailbox busy")
    world.corrects("L1", service_centre="SC7")

    assert named(claims(world)["visit_due", "SC7"]) == ["L2/100"]


def test_a_dropped_letter_is_kept_with_its_reason(world: World) -> None:
    overdue(world)
    world.gathers()
    world.does("L1", "100")
    claims(world)

    assert world.states() == ["dropped", "dropped", "dropped"]
    assert world.outbox.claim(world.now_ms + LEASE, LEASE) is None


# --- to whom, by which way ---


def test_address_name_and_language_are_read_again_at_sending(world: World) -> None:
    world.sells("L1", service_centre="SC9")
    world.goes_to("2025-03-13 00:00")
    world.gathers()
    with world.keeper.store.write() as connection:
        known = {
            "service_centre": "SC9",
            "name": "Nine",
            "email": " nine@centre.example ",
            "locale": "en",
            "phone": "9",
        }
        connection.execute(insert(service_centres).values(**known))

    told = claims(world)["visit_due", "SC9"]

    assert told.channel == "email"
    addressee = told.letter.addressee
    assert (addressee.name, addressee.address, addressee.locale) == ("Nine", "nine@centre.example", "en")
    assert (told.letter.orders[0].service_centre_name, told.letter.orders[0].service_centre_phone) == ("Nine", "9")


def test_whoever_has_no_address_is_told_in_the_log(world: World) -> None:
    world.sells("L1", service_centre="SC9")
    world.goes_to("2025-03-13 00:00")
    world.gathers()

    told = claims(world)["visit_due", "SC9"]

    assert (told.channel, told.letter.addressee.address, told.letter.addressee.locale) == ("log", None, "zh-CN")


def test_without_a_mail_server_everybody_is_told_in_the_log(world: World) -> None:
    world.tell_by(Telling(channel="log", managers=(BOSS,)))
    overdue(world)
    world.gathers()

    assert {key: claimed.channel for key, claimed in claims(world).items()} == {
        ("visit_overdue", "SC7"): "log",
        ("visit_overdue", "张三"): "log",
        ("visit_overdue", "Boss"): "log",
    }


def test_the_manager_is_written_to_as_the_configuration_says(world: World) -> None:
    overdue(world)
    world.gathers()

    addressee = claims(world)["visit_overdue", "Boss"].letter.addressee

    assert (addressee.role, addressee.address, addressee.locale) == (Role.MANAGER, "boss@maker.example", "en")


def test_the_centre_is_asked_to_call_a_customer_without_an_address(world: World) -> None:
    world.sells("L1", customer_email=None)
    world.sells("L2")
    world.goes_to("2025-03-13 00:00")
    world.gathers()

    told = claims(world)

    reachable = {order.machine_id: order.customer_reachable for order in told["visit_due", "SC7"].letter.orders}
    assert reachable == {"L1": False, "L2": True}
    assert named(told["visit_due", "张三"]) == ["L2/100"]


def test_an_address_that_changes_for_one_machine_splits_the_letter_and_loses_nothing(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-03-13 00:00")
    world.gathers()
    world.corrects("L2", customer_email="new@customer.example")

    told = claims(world)["visit_due", "张三"]
    assert (named(told), told.letter.addressee.address) == (["L1/100"], "zhang@customer.example")
    world.outbox.gather(world.now_ms)
    other = claims(world)["visit_due", "张三"]
    assert (named(other), other.letter.addressee.address) == (["L2/100"], "new@customer.example")


def test_a_letter_says_how_its_orders_stand(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-13 18:00")
    world.reads("L1", "90.5")  # 9.05 h a day for ten days: 100 h lie 1.05 days ahead, the calendar is due already
    world.goes_to("2025-04-20 18:00")
    world.reads("L1", "552")
    world.gathers(24 * 60 * MINUTE)

    order = claims(world)["visit_upcoming", "SC7"].letter.orders[0]

    assert (order.machine_id, order.step, order.state) == ("L1", "600", "upcoming")
    assert (order.model, order.category, order.kind, order.plan_version) == (
        "LG855N",
        "loader",
        Kind.MANDATORY_VISIT,
        "1",
    )
    assert (order.total_hours, order.threshold_hours) == (552.0, 600.0)
    assert (order.opens_on, order.due_on, order.late_days) == (date(2025, 4, 20), date(2025, 6, 3), None)
    # Of the last 30 days only one reading is known; of the last 90: 552 h in 48.33 days. 48 h more take 4.2 days.
    assert (order.projected_due_on, order.projected_is_assumed) == (date(2025, 4, 26), False)
    assert (order.customer, order.customer_phone, order.region) == ("张三", CUSTOMER["customer_phone"], "37")


def test_days_late_are_counted_when_the_letter_goes_out(world: World) -> None:
    overdue(world)
    world.gathers()
    world.now_ms += 2 * 24 * 60 * MINUTE

    assert claims(world)["visit_overdue", "SC7"].letter.orders[0].late_days == 3


# --- claims ---


def one_letter(world: World) -> None:
    world.sells("L1", customer=None)
    world.goes_to("2025-03-13 00:00")
    assert world.gathers() == 1


def test_a_claimed_letter_is_not_there_until_its_lease_is_over(world: World) -> None:
    one_letter(world)
    first = claim(world)

    assert world.outbox.claim(world.now_ms + LEASE - 1, LEASE) is None
    second = world.outbox.claim(world.now_ms + LEASE, LEASE)

    assert second is not None
    assert second.letter.letter_id == first.letter.letter_id
    assert second.token != first.token
    assert second.letter.attempts == 1


@pytest.mark.parametrize(
    "mark",
    [
        lambda outbox, claimed: outbox.mark_sent(claimed, 1, "late"),
        lambda outbox, claimed: outbox.mark_retry(claimed, 1, "late"),
        lambda outbox, claimed: outbox.mark_dead(claimed, "late"),
        lambda outbox, claimed: outbox.mark_dropped(claimed, "late"),
    ],
)
def test_a_claimer_whose_lease_was_over_and_taken_marks_nothing(
    world: World, mark: Callable[[object, ClaimedLetter], None]
) -> None:
    one_letter(world)
    paused = claim(world)
    world.now_ms += LEASE
    other = claim(world)

    with pytest.raises(ClaimLostError, match=paused.letter.letter_id):
        mark(world.outbox, paused)
    world.outbox.mark_sent(other, world.now_ms, "told")
    with pytest.raises(ClaimLostError):
        mark(world.outbox, paused)

    with world.keeper.store.read() as connection:
        row = connection.execute(select(letters)).one()
    assert (row.state, row.subject, row.sent_ms, row.error, row.claim) == ("sent", "told", world.now_ms, None, None)


def test_a_lease_that_is_over_and_untaken_still_lets_its_claimer_mark(world: World) -> None:
    one_letter(world)
    claimed = claim(world)
    world.now_ms += 2 * LEASE

    world.outbox.mark_sent(claimed, world.now_ms, "told")

    assert world.states() == ["sent"]


def test_a_failed_letter_waits_and_counts_its_attempts(world: World) -> None:
    one_letter(world)
    world.outbox.mark_retry(claim(world), world.now_ms + MINUTE, "mailbox busy")

    assert world.outbox.claim(world.now_ms + MINUTE - 1, LEASE) is None
    world.now_ms += MINUTE
    again = claim(world)
    assert again.letter.attempts == 1
    world.outbox.mark_sent(again, world.now_ms, "told")
    with world.keeper.store.read() as connection:
        assert connection.execute(select(letters.c.error)).scalar() is None


def test_a_dead_letter_is_kept_and_can_be_tried_again(world: World) -> None:
    one_letter(world)
    first = claim(world)
    assert world.outbox.retry_dead(first.letter.letter_id) is False
    world.outbox.mark_dead(first, "no such user")
    assert world.outbox.claim(world.now_ms + LEASE, LEASE) is None
    assert world.states() == ["dead"]

    assert world.outbox.retry_dead(first.letter.letter_id) is True
    again = claim(world)

    assert (again.letter.letter_id, again.letter.attempts) == (first.letter.letter_id, 0)
    assert world.outbox.retry_dead(first.letter.letter_id) is False


def test_two_relays_share_the_letters_and_send_none_twice(world: World) -> None:
    for number in range(25):
        world.sells(f"L{number}", customer=f"K{number}", service_centre=f"C{number}")
    world.goes_to("2025-03-13 00:00")
    assert world.gathers() == 50
    start = threading.Barrier(2)
    told: tuple[list[str], list[str]] = [], []

    def relay(taken: list[str]) -> None:
        keeper = open_keeper(world.file, world.telling)
        outbox = outbox_of(keeper)
        start.wait()
        while (claimed := outbox.claim(world.now_ms, LEASE)) is not None:
            taken.append(claimed.letter.letter_id)
            outbox.mark_sent(claimed, world.now_ms, "told")
        keeper.store.close()

    threads = [threading.Thread(target=relay, args=(taken,)) for taken in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(told[0]) + len(told[1]) == len({*told[0], *told[1]}) == 50
    assert world.states() == ["sent"] * 50


def test_two_gatherers_make_each_letter_once(world: World) -> None:
    for number in range(25):
        world.sells(f"L{number}", customer=f"K{number}", service_centre=f"C{number}")
    world.goes_to("2025-03-13 00:00")
    world.now_ms += MINUTE
    start, made = threading.Barrier(2), list[int]()

    def gather() -> None:
        keeper = open_keeper(world.file, world.telling)
        start.wait()
        made.append(outbox_of(keeper).gather(world.now_ms))
        keeper.store.close()

    threads = [threading.Thread(target=gather) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sum(made) == len(world.states()) == 50


# --- scale ---


def test_ten_thousand_notices_are_gathered_in_a_few_statements(world: World) -> None:
    world.sells("L0")
    world.goes_to("2025-03-13 00:00")
    with world.keeper.store.write() as connection:
        for number in range(1, 5000):
            _copy_machine(connection, f"L{number}", number)
    statements: list[str] = []
    event.listen(
        world.keeper.store.engine, "before_cursor_execute", lambda *given: statements.append(given[2]), named=False
    )

    made = world.gathers()

    assert made == 100 + 5000
    with world.keeper.store.read() as connection:
        waiting = connection.execute(select(notices.c.id).where(notices.c.letter_id.is_(None))).all()
    assert waiting == []
    assert len(statements) < 60


def _copy_machine(connection: Connection, machine_id: str, number: int) -> None:
    centre, customer = f"C{number % 99}", f"K{number}"
    values = {"machine": machine_id, "centre": centre, "customer": customer}
    for table, new in (
        ("machines", {"machine_id": ":machine", "service_centre": ":centre", "customer": ":customer"}),
        ("meters", {"machine_id": ":machine"}),
        ("work_orders", {"machine_id": ":machine"}),
    ):
        names = [name for name in metadata.tables[table].c.keys() if name != "id"]  # noqa: SIM118 - columns, not a dict
        listed = ", ".join(f'"{name}"' for name in names)
        taken = ", ".join(new.get(name, f'"{name}"') for name in names)
        statement = f"INSERT INTO {table} ({listed}) SELECT {taken} FROM {table} WHERE machine_id = 'L0'"  # noqa: S608 - our own tables
        connection.execute(text(statement), values)
    now_ms = at("2025-03-13 00:00")
    rows = [
        {"occasion": Occasion.VISIT_DUE, "role": role, "recipient": recipient, "machine_id": machine_id}
        for role, recipient in ((Role.SERVICE_CENTRE, centre), (Role.CUSTOMER, customer))
    ]
    common = {"kind": Kind.MANDATORY_VISIT, "step": "100", "round": "", "on": date(2025, 3, 13)}
    times = {"recorded_ms": now_ms, "not_before_ms": now_ms + MINUTE}
    notice_rows.add(connection, [row | common | times for row in rows])


@pytest.mark.sqlite_file
def test_looking_for_work_reads_only_what_waits(world: World) -> None:
    one_letter(world)
    world.goes_to("2025-03-14 00:00")
    asked: dict[str, Any] = {}
    event.listen(world.keeper.store.engine, "before_cursor_execute", lambda *given: asked.update({given[2]: given[3]}))
    make_letters(world.keeper, world.now_ms + MINUTE)
    claim(world)

    used: set[str] = set()
    with world.keeper.store.read() as connection:
        for statement, given in list(asked.items()):
            if statement.startswith("SELECT"):
                plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
                assert not [step for step in plan if step.startswith("SCAN") and "VIRTUAL" not in step], plan
                used.update(word for step in plan for word in step.split() if word.startswith("ix_"))

    assert used >= {
        "ix_notices_waiting",
        "ix_notices_waiting_recipient",
        "ix_notices_letter_id",
        "ix_letters_state_channel_next_ms",
    }


# --- replays ---


def test_nothing_is_told_before_it_happened(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-03-09 00:00")
    world.reads("L1", "100")
    world.now_ms += 8 * 60 * MINUTE
    world.reads("L2", "100")

    assert make_letters(world.keeper, None) == 4


def test_a_replay_tells_in_order_of_time_at_the_moment_it_would_have_been_told(world: World) -> None:
    world.sells("L1", customer_email=None, customer_locale="en")
    world.goes_to("2025-03-10 12:00")
    world.goes_to("2025-03-12 12:00")
    make_letters(world.keeper, world.now_ms)
    world.goes_to("2025-03-13 00:00")

    order = {"machine_id": "L1", "kind": "mandatory_visit", "step": "100"}
    assert letters_told(world.keeper) == [
        {"on": "2025-03-11", "occasion": "visit_upcoming", "recipient": "SC7", "locale": "zh-CN", "orders": [order]},
        {"on": "2025-03-11", "occasion": "visit_upcoming", "recipient": "张三", "locale": "en", "orders": [order]},
        {"on": "2025-03-13", "occasion": "visit_due", "recipient": "SC7", "locale": "zh-CN", "orders": [order]},
        {"on": "2025-03-13", "occasion": "visit_due", "recipient": "张三", "locale": "en", "orders": [order]},
    ]
