"""Help of every command stands on its own, and costs no library."""

from __future__ import annotations

import subprocess
import sys

import pytest

from daemon.commands.catalogue import COMMANDS
from daemon.lazy_group import lines_of

from .calling import Caller

NAMES = [name for name, _ in lines_of(COMMANDS)]
HEAVY = {"sqlalchemy", "alembic", "pydantic", "jinja2", "paho", "rich", "apscheduler", "fastapi"}


@pytest.mark.parametrize("name", NAMES)
def test_help_says_what_the_command_does_and_shows_an_example(call: Caller, name: str) -> None:
    said = call(*name.split(), "--help")

    assert said.code == 0, said.err
    assert said.out.startswith(f"Usage: hourkeeper {name}")
    assert "Example" in said.out
    example = " ".join(said.out.split("Example", 1)[1].split())
    assert f" {name}" in example
    assert "\\b" not in said.out


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained(name: str) -> None:
    import click

    command = dict(lines_of(COMMANDS))[name].load()

    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [option.name for option in options if not option.help and not option.hidden] == []


def test_the_first_page_lists_every_command_and_imports_none() -> None:
    program = (
        "import sys; from daemon.main import run; code = run(['--help']);"
        f" print('heavy:', sorted(set(sys.modules) & {HEAVY!r})); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("heavy: []\n")
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout
