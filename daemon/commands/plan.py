"""`plan show`: the plan in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from adapters.files.plan import read_plan
from daemon.commands.given import config
from daemon.commands.output import console, facts, grid, show_object, text_or_json_option, use_utf_8
from daemon.plan_view import STEP_FIELDS, plan_view


@click.command("show")
@text_or_json_option
def show_plan(form: str) -> None:
    """Show the plan in force: what is due when, with every default filled in.

    The keys are those of the plan file (plan.file), so the output shows what may be changed.

    Example: hourkeeper plan show --format json
    """
    file = config().plan.file
    found = plan_view(read_plan(file))
    if form == "json":
        show_object(found)
    else:
        _print(found, "shipped with hourkeeper" if file is None else str(file))


def _print(found: Mapping[str, Any], where: str) -> None:
    use_utf_8()
    click.echo(f"Plan {found['version']} ({where})\n")
    steps = [{**step, "warranties": ", ".join(step["warranties"])} for step in found["mandatory"]]
    console().print(grid(steps, STEP_FIELDS))
    click.echo()
    facts({"time_zone": found["time_zone"], **_flat(found)})


def _flat(found: Mapping[str, Any]) -> dict[str, Any]:
    tables = {name: table for name, table in found.items() if isinstance(table, Mapping)}
    return {f"{table}.{name}": value for table, values in tables.items() for name, value in values.items()}
