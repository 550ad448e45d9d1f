"""Whom a service centre telephones, and about what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from schedules.call_list import Ask, Days, OpenOrder, Subject, topics, urgency
from schedules.work_order import Kind, State

FRIDAY = Days(date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 13))
LATE = OpenOrder(kind=Kind.MANDATORY_VISIT, step="100", state=State.OVERDUE, expected_on=date(2026, 3, 1), late_days=5)
DUE = OpenOrder(kind=Kind.MANDATORY_VISIT, step="600", state=State.DUE, expected_on=date(2026, 3, 5))
SOON = OpenOrder(kind=Kind.MANDATORY_VISIT, step="600", state=State.UPCOMING, expected_on=date(2026, 3, 13))
OWN = OpenOrder(kind=Kind.SELF_SERVICE, step="3000", state=State.DUE, expected_on=date(2026, 3, 5))


def asked(*orders: OpenOrder, reachable: bool = True, unheard_since: date | None = None) -> list[Ask]:
    subject = Subject(orders=orders, reachable=reachable, unheard_since=unheard_since)
    return [topic.ask for topic in topics(subject, FRIDAY)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (LATE, [Ask.OVERDUE]),
        (DUE, [Ask.DUE]),
        (SOON, [Ask.UPCOMING]),
        (replace(SOON, expected_on=date(2026, 3, 14)), []),
        (replace(SOON, expected_on=None), []),
        (replace(SOON, contacted_on=date(2026, 3, 2)), []),
        (replace(DUE, contacted_on=date(2026, 3, 2)), [Ask.DUE]),
        (replace(LATE, contacted_on=date(2026, 3, 6)), []),
        (replace(DUE, scheduled_for=date(2026, 3, 6)), [Ask.CONFIRM]),
        (replace(LATE, scheduled_for=date(2026, 3, 9)), [Ask.CONFIRM]),  # the next working day
        (replace(LATE, scheduled_for=date(2026, 3, 10)), []),
        (replace(DUE, scheduled_for=date(2026, 3, 5)), [Ask.AGREED_DAY_PASSED]),
        (replace(LATE, scheduled_for=date(2026, 3, 5)), [Ask.OVERDUE]),
    ],
)
def test_a_visit_is_called_about_until_a_day_is_agreed(order: OpenOrder, expected: list[Ask]) -> None:
    assert asked(order) == expected


def test_a_day_agreed_for_one_visit_does_for_all_of_the_machine() -> None:
    assert asked(LATE, replace(DUE, scheduled_for=date(2026, 3, 12))) == []
    assert asked(LATE, replace(DUE, scheduled_for=date(2026, 3, 9))) == [Ask.CONFIRM]
    assert asked(LATE, DUE) == [Ask.OVERDUE, Ask.DUE]


def test_of_the_users_own_service_only_those_are_told_who_get_no_mail() -> None:
    assert asked(OWN) == []
    assert asked(OWN, reachable=False) == [Ask.TELL]
    assert asked(replace(OWN, state=State.UPCOMING), reachable=False) == []
    assert asked(replace(OWN, contacted_on=date(2026, 3, 5)), reachable=False) == []


def test_a_machine_that_is_not_heard_of_is_asked_after_along_with_the_rest() -> None:
    silent = date(2026, 3, 2)

    assert asked(unheard_since=silent) == [Ask.UNHEARD]
    assert asked(DUE, unheard_since=silent) == [Ask.DUE, Ask.UNHEARD]
    assert asked(replace(SOON, contacted_on=date(2026, 3, 6)), unheard_since=silent) == []
    assert asked() == []


def test_the_most_urgent_comes_first_and_who_gets_no_mail_before_who_does() -> None:
    subjects = {
        "confirm": Subject(orders=[replace(DUE, scheduled_for=date(2026, 3, 6))], reachable=True),
        "late, no mail": Subject(orders=[replace(LATE, late_days=2)], reachable=False),
        "very late": Subject(orders=[replace(LATE, late_days=40)], reachable=True),
        "late": Subject(orders=[LATE], reachable=True),
        "due": Subject(orders=[DUE], reachable=False),
        "soon, no mail": Subject(orders=[SOON], reachable=False),
        "sooner": Subject(orders=[replace(SOON, expected_on=date(2026, 3, 7))], reachable=True),
        "soon": Subject(orders=[SOON], reachable=True),
        "long silent": Subject(orders=[], reachable=True, unheard_since=date(2026, 1, 1)),
        "silent": Subject(orders=[], reachable=True, unheard_since=date(2026, 3, 1)),
    }

    mixed = sorted(subjects)
    mixed.sort(key=lambda name: urgency(subjects[name], topics(subjects[name], FRIDAY), FRIDAY))

    assert mixed == list(subjects)
