"""When letters go, as an operator writes it: quiet hours, working days, holidays; everything wrong is named at once."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest

from daemon.config import ConfigError, load
from daemon.wiring import telling_of
from notifications.occasions import Role
from notifications.timing import Quiet, Timing


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hourkeeper.toml"
    path.write_text(dedent(text))
    return path


def timing(tmp_path: Path, text: str) -> Timing:
    return telling_of(load(written(tmp_path, text), {"HOME": "/root"})).timing


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text), {"HOME": "/root"})
    return [problem.removeprefix(f"{tmp_path}/hourkeeper.toml: notifications.") for problem in caught.value.problems]


def test_unless_told_otherwise_every_hour_of_every_day_will_do(tmp_path: Path) -> None:
    found = timing(tmp_path, "")

    assert (found.group_wait_ms, found.morning_at, found.quiet) == (60_000, time(8), None)
    assert all(date(2026, 10, day) in found.working for day in range(1, 32))


def test_a_chinese_service_centre(tmp_path: Path) -> None:
    found = timing(
        tmp_path,
        """
        [notifications]
        working_days = ["mon", "tue", "wed", "thu", "fri"]
        holidays = "CN"
        extra_holidays = [2026-03-11]
        extra_working_days = ["2026-10-06"]
        quiet = { from = "20:00", to = "07:00" }
        """,
    )

    assert found.quiet == Quiet(time(20), time(7))
    working = {day: day in found.working for day in (date(2026, 3, 11), date(2026, 3, 12), date(2026, 3, 14))}
    assert list(working.values()) == [False, True, False]
    assert [day for day in range(1, 12) if date(2026, 10, day) in found.working] == [6, 8, 9, 10]  # the 10th: make-up


def test_a_manager_far_away(tmp_path: Path) -> None:
    text = """
        [notifications]
        managers = [{ name = "Ann", email = "ann@x", zone = "Europe/Berlin" }, { name = "Li", email = "li@x" }]
        """
    telling = telling_of(load(written(tmp_path, text), {"HOME": "/root"}))

    assert telling.zone_of(Role.MANAGER, "Ann") == ZoneInfo("Europe/Berlin")
    assert telling.zone_of(Role.MANAGER, "Li") is None
    assert telling.zone_of(Role.CUSTOMER, "Ann") is None


def test_the_environment_says_it_in_json(tmp_path: Path) -> None:
    environ = {
        "HOME": "/root",
        "HOURKEEPER_NOTIFICATIONS__QUIET": '{"from": "22:00", "to": "06:00"}',
        "HOURKEEPER_NOTIFICATIONS__EXTRA_HOLIDAYS": '["2026-03-11"]',
    }
    found = telling_of(load(written(tmp_path, ""), environ)).timing

    assert found.quiet == Quiet(time(22), time(6))
    assert date(2026, 3, 11) not in found.working


@pytest.mark.parametrize(("text", "day"), [("", 0), ('digest_on = "fri"', 4), ('digest_on = "off"', None)])
def test_the_digests_day(tmp_path: Path, text: str, day: int | None) -> None:
    assert telling_of(load(written(tmp_path, f"[notifications]\n{text}"), {"HOME": "/root"})).digest_on == day


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    text = """
        [notifications]
        working_days = ["monday"]
        holidays = "CHN"
        extra_holidays = ["1.10.2026", 2026-10-02]
        extra_working_days = [2026-10-02, 5]
        digest_on = "never"
        managers = [{ name = "Ann", email = "ann@x", zone = "Berlin" }]
        quiet = { from = "20:00", until = "07:00" }
        """
    assert problems(tmp_path, text) == [
        "quiet.to: needed because from is set",
        "quiet.until: unknown key",
        "working_days.0: should be 'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'",
        "holidays: no holidays are known of CHN; a code such as CN or DE-BY is expected",
        "extra_holidays.0: should be a date such as 2026-10-01",
        "extra_working_days.1: should be a valid date, not a whole number",
        "digest_on: should be 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun' or 'off'",
        "managers.0.zone: should be a time zone such as Asia/Shanghai",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[notifications.quiet]\nto = '07:00'", "quiet.to: should not be set without from"),
        ("[notifications.quiet]\nfrom = '07:00'\nto = '07:00'", "quiet.to: should be another time than from"),
        (
            "[notifications.quiet]\nfrom = '20:00'\nto = '09:00'",
            "quiet: should not include morning_at, 08:00",
        ),
        ("[notifications]\nworking_days = []", "working_days: should have at least one day"),
        (
            "[notifications]\nextra_holidays = [2026-10-02]\nextra_working_days = [2026-10-02]",
            "extra_working_days: should not have 2026-10-02: it is one of extra_holidays",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]
