"""`machines correct`: wrong facts are replaced, after the consequences were shown (rules 5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from daemon.commands.acting import by_option, changing, do_confirmed, the_machine, yes_option
from daemon.commands.moments import DAY, day_of
from daemon.commands.parsed import Parsed
from daemon.correcting import correct as make_correction
from daemon.correction import Correction, Move, fact, move
from daemon.order_id import key_named
from schedules.work_order import OrderKey


def _fact(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        message = f"{text!r} is not FIELD=VALUE"
        raise ValueError(message)
    return name.strip(), fact(name.strip(), value)


def _completion(text: str) -> tuple[OrderKey, date]:
    order, _, on = text.partition("=")
    return key_named(order), day_of(on)


def _transfer(text: str) -> tuple[date, Move]:
    on, _, as_it_was = text.partition(":")
    return day_of(on), move(as_it_was)


_NUMBER = Parsed("NUMBER", lambda text: fact("machine_id", text))
_FACT = Parsed("FIELD=VALUE", _fact)
_ORDER = Parsed("KIND/STEP", key_named)
_COMPLETION = Parsed("KIND/STEP=DATE", _completion)
_TRANSFER = Parsed("DATE:FIELD=VALUE,...", _transfer)
_MOVE = Parsed("on=DATE,region=CODE,yard=CODE", move)


@click.command("correct")
@click.argument("machine", required=False)
@click.option(
    "--machine-id", "named", metavar="NUMBER", help="Its true number, after MACHINE; alone, the machine meant."
)
@click.option("--set", "facts", type=_FACT, multiple=True, help="A fact as it truly is; empty for none.")
@click.option("--undo-completion", "undone", type=_ORDER, multiple=True, help="An order that was not done.")
@click.option("--completed-on", "dated", type=_COMPLETION, multiple=True, help="When an order was truly done.")
@click.option("--transfer", "transfers", type=_TRANSFER, multiple=True, help="What was wrong of the transfer on DATE.")
@click.option("--undo-transfer", "unmoved", type=DAY, multiple=True, help="The transfer of this day never was.")
@click.option("--missing-transfer", "moved", type=_MOVE, multiple=True, help="A transfer that nobody had recorded.")
@click.option("--undo-sale", is_flag=True, help="It was not handed over: it is back in stock.")
@click.option("--undo-retirement", is_flag=True, help="It was not retired.")
@click.option("--why", required=True, help="The reason.")
@by_option
@yes_option
def correct(machine: str | None, named: str | None, *, by: str, why: str, yes: bool, **given: Any) -> None:  # noqa: ANN401
    r"""Replace wrong facts of a machine; what followed from them is computed anew.

    What would change is shown first and asked for, or done at once with --yes. The fields are those of a machines
    file (handover_hours is what the meter showed at the hand-over), arrived_on (when it came to its present
    region), retired_on and retire_reason.

    \b
    A form handed in for the wrong machine: --undo-completion here, where it stays as a draft;
    then `work-orders complete` for the right one. A sale of the wrong machine: --undo-sale
    here, then `machines handover` for the right one. A machine registered under a wrong
    number: --machine-id with the right one.

    \b
    Examples:
        hourkeeper machines correct L955-1 --set handed_over_on=2025-03-01 --why "contract says so"
        hourkeeper machines correct L955-1 --machine-id L955-7 --why "misread plate"
        hourkeeper machines correct L955-1 --transfer 2025-11-20:region=23 --why "it went to Harbin"
    """
    machine_id = the_machine(machine or named, None)
    facts = dict(given["facts"])
    if machine and named:
        facts["machine_id"] = _NUMBER.convert(named, None, click.get_current_context())
    command = Correction(
        machine_id,
        by,
        why,
        facts=facts,
        undo_sale=given["undo_sale"],
        undo_retirement=given["undo_retirement"],
        undo_completions=given["undone"],
        completed_on=dict(given["dated"]),
        transfers=dict(given["transfers"]),
        undo_transfers=given["unmoved"],
        missing_transfers=given["moved"],
    )
    with changing() as (keeper, now_ms):
        do_confirmed(
            keeper,
            machine_id,
            lambda connection: make_correction(connection, keeper, command, now_ms),
            yes=yes,
            title=f"{machine_id} is corrected",
            renamed=facts.get("machine_id"),
        )
