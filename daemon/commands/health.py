"""`check-config` and `doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from adapters.files.plan import read_plan, read_winter
from adapters.files.visit_items import read_visit_items
from daemon.checked import Found, Weight
from daemon.checkup import check_up
from daemon.commands.given import config
from daemon.commands.output import Columns, Fields, format_option, show
from daemon.config import Config, ConfigError
from daemon.config_loading import DEFAULT_FILE, FILE_VARIABLE
from daemon.failures import REFUSED
from daemon.wiring import renderer_of

_FIELDS = ("weight", "part", "text")
_COLUMNS = Columns(_FIELDS, _FIELDS)


@click.command("check-config")
def check_config() -> None:
    """Check the configuration, the plan, its work items, the winter windows and the letters, and change nothing.

    Every problem is named at once, with its dotted path; then the exit code is 2.

    Example: hourkeeper --config /etc/hourkeeper/hourkeeper.toml check-config
    """
    look_through(config())
    click.echo(f"{_where()}: nothing is wrong with it")


def look_through(settings: Config) -> None:
    """Read everything that a configuration names; PlanError or TemplateProblem says what is wrong."""
    read_plan(settings.plan.file)
    items = read_visit_items(settings.plan.items_file)
    read_winter(settings.plan.winter_file)
    renderer_of(settings, lambda _: items).check_overrides()


def _where() -> str:
    """Which configuration was looked at."""
    chosen: Path | None = click.get_current_context().find_root().obj
    named = chosen or os.environ.get(FILE_VARIABLE) or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    return "the configuration (defaults and environment)" if named is None else str(named)


@click.command()
@format_option
def doctor(form: str) -> int:
    """Try every connection, and say what is wrong and what to do.

    Looks at the configuration, the plan and its time zone, the store (schema, soundness, free disk), what has come
    into it and out of it lately (readings, duties, letters, clocks), the broker (login, session, the topics to read),
    the mail server and the letters' templates. Sends nothing and changes nothing; the daemon may run meanwhile. A line
    begins with OK, NOTE or FAULT; with a FAULT the exit code is 1.

    Example: hourkeeper --config /etc/hourkeeper/hourkeeper.toml doctor
    """
    faults = 0

    def counted() -> Iterator[Fields]:
        nonlocal faults
        for found in _found():
            faults += found.weight is Weight.FAULT
            yield {"weight": found.weight.value, "part": found.part, "text": found.text}

    if form == "table":
        for row in counted():
            click.echo(f"{row['weight']:<5}  {row['part']:<9}  {row['text']}")
    else:
        show(counted(), _COLUMNS, form)
    return REFUSED if faults else 0


def _found() -> Iterator[Found]:
    try:
        settings = config()
    except ConfigError as error:
        yield from (Found(Weight.FAULT, "config", problem) for problem in error.problems)
        return
    yield Found(Weight.OK, "config", _where())
    yield from check_up(settings)
