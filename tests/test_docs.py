"""What the README says about commands and settings is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.commands.catalogue import COMMANDS
from daemon.commands.docs import commands_table
from daemon.config import describe, markdown_table
from daemon.lazy_group import lines_of

README = Path(__file__).parent.parent / "README.md"
TABLES = {"settings": markdown_table, "commands": commands_table}


def between(text: str, marker: str) -> str:
    """What stands between the markers, which stand on lines of their own."""
    _, begin, rest = text.partition(f"<!-- {marker} -->\n")
    table, end, _ = rest.partition(f"<!-- /{marker} -->")
    assert begin, f"README.md lacks <!-- {marker} -->"
    assert end, f"README.md lacks <!-- /{marker} -->"
    return table.strip("\n") + "\n"


@pytest.mark.parametrize("marker", TABLES)
def test_the_readme_has_the_table_that_the_code_makes(marker: str) -> None:
    text = README.read_text(encoding="utf-8")

    assert between(text, marker) == TABLES[marker](), "python -m tests.fill_readme"


def test_every_command_and_every_setting_has_its_row() -> None:
    table, settings = commands_table(), markdown_table()

    for name, entry in lines_of(COMMANDS):
        assert f"| `{name}" in table
        assert f"| {entry.line} |" in table
    for key, _, _ in describe():
        assert f"| `{key}` |" in settings


def test_a_table_that_is_out_of_date_is_found() -> None:
    text = "# x\n<!-- settings -->\n| key | default | |\n<!-- /settings -->\n"

    assert between(text, "settings") != markdown_table()


def test_a_lost_marker_is_found() -> None:
    with pytest.raises(AssertionError, match="lacks <!-- commands -->"):
        between("# x\n", "commands")
