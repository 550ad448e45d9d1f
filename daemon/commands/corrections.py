"""`machines correct`: wrong facts are replaced, after the consequences were shown (rules 5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from daemon.commands.acting import by_option, changing, do_confirmed, machine_argument, the_machine, yes_option
from daemon.commands.moments import day_of
from daemon.commands.parsed import Parsed
from daemon.correcting import correct as make_correction
from daemon.correction import Correction, fact
from daemon.order_id import key_named
from schedules.work_order import OrderKey


def _fact(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        message = f"{text!r} is not FIELD=VALUE"
        raise ValueError(message)
    return name, fact(name, value)


def _completion(text: str) -> tuple[OrderKey, date]:
    order, _, on = text.partition("=")
    return key_named(order), day_of(on)


_FACT = Parsed("FIELD=VALUE", _fact)
_ORDER = Parsed("KIND/STEP", key_named)
_COMPLETION = Parsed("KIND/STEP=DATE", _completion)


@click.command("correct")
@machine_argument
@click.option("--set", "facts", type=_FACT, multiple=True, help="A fact as it truly is; empty for none.")
@click.option("--undo-completion", "undone", type=_ORDER, multiple=True, help="An order that was not done.")
@click.option("--completed-on", "dated", type=_COMPLETION, multiple=True, help="When an order was truly done.")
@click.option("--undo-sale", is_flag=True, help="It was not handed over: it is back in stock.")
@click.option("--undo-retirement", is_flag=True, help="It was not retired.")
@click.option("--why", required=True, help="The reason.")
@by_option
@yes_option
def correct(machine: str | None, named: str | None, *, by: str, why: str, yes: bool, **given: Any) -> None:  # noqa: ANN401
    """Replace wrong facts of a machine; what followed from them is computed anew.

    What would change is shown first and asked for, or done at once with --yes. The fields are those of a machines
    file, and arrived_on (when it came to its present region) and retired_on.

    Example: hourkeeper machines correct L955-1 --set handed_over_on=2025-03-01 --why "contract says so"
    """
    machine_id = the_machine(machine, named)
    command = Correction(
        machine_id,
        by,
        why,
        facts=dict(given["facts"]),
        undo_sale=given["undo_sale"],
        undo_retirement=given["undo_retirement"],
        undo_completions=given["undone"],
        completed_on=dict(given["dated"]),
    )
    with changing() as (keeper, now_ms):
        do_confirmed(
            keeper,
            machine_id,
            lambda connection: make_correction(connection, keeper, command, now_ms),
            yes=yes,
            title=f"{machine_id} is corrected",
        )
