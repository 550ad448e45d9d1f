"""The table of faults names tests, targets, alerts and words of the log that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "tests/faults.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \|", TABLE, re.MULTILINE)
_FAULTS = 38
_WRONG = TABLE.partition("## Wrong on purpose")[2]
_CONTROLS = 12


def _code() -> str:
    return "\n".join(each.read_text("utf-8") for name in ("daemon", "adapters") for each in (ROOT / name).rglob("*.py"))


def test_every_fault_has_its_row() -> None:
    assert [str(number) for number in range(1, _FAULTS + 1)] == ROWS


def test_every_wrong_program_is_named_with_what_finds_it_out() -> None:
    rows = [row.split("|")[1:-1] for row in _WRONG.splitlines() if row.startswith("| ")][1:]
    assert len(rows) == _CONTROLS
    assert [row for row in rows if not re.search(r"`tests/|`make |the same", row[1])] == []


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+::\w+)`", TABLE))))
def test_every_test_is_there(named: str) -> None:
    file, name = named.split("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize(
    ("pattern", "where"),
    [(r"`make ([\w-]+)", "Makefile"), (r"(Hourkeeper\w+)", "systemd/hourkeeper-alerts.yml")],
    ids=["target", "alert"],
)
def test_every_target_and_alert_is_there(pattern: str, where: str) -> None:
    named = set(re.findall(pattern, TABLE))
    known = set(re.findall(r"^([\w-]+):|alert: (\w+)", (ROOT / where).read_text("utf-8"), re.MULTILINE))
    assert named
    assert named <= {name for pair in known for name in pair}


def test_every_word_of_the_log_is_there() -> None:
    column = [row.split("|")[4] for row in TABLE.splitlines() if re.match(r"\| \d+ \|", row)]
    words = {word for cell in column for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", cell)}
    words -= {"hourkeeper_deliveries_counted_total"}
    code = _code()
    assert words
    assert [word for word in sorted(words) if f'"{word}"' not in code] == []
