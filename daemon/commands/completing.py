"""`work-orders complete`: the form of an order that was done, finished from its draft (rules 6)."""

from __future__ import annotations

from typing import Any

import click

from adapters.store.orders import draft_of
from daemon.commands.acting import by_option, changing, named_order, order_argument, report
from daemon.commands.moments import MOMENT, Moment
from daemon.completing import Completion, complete
from daemon.consequences import Consequences, seen
from daemon.drafts import Filled, fill
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.showing import instant
from schedules.evidence import Form
from schedules.visit_number import VisitNumber

_KEPT = "\n  a draft is kept: call this again with only what was wrong or missing, or with --no-draft to start afresh"


@click.command("complete")
@order_argument
@click.option("--done-at", type=MOMENT, help="When the work was done; a date is its last moment.")
@click.option("--hours", help="What the meter showed.")
@click.option("--technician", help="Who did it.")
@click.option("--signed-by", help="Who accepted and signed it: the user, or the keeper of the yard.")
@click.option("--genuine-oils", is_flag=True, help="The maker's own oils were used.")
@click.option("--items", multiple=True, metavar="ITEM: RESULT", help="A work item with its result; once for each.")
@click.option("--findings", help="What was found.")
@click.option("--service-record-no", help="Number of the on-site service record; needed with --findings.")
@click.option("--nothing-removed", is_flag=True, help="The machine is complete, nothing was removed.")
@click.option("--winter-items", is_flag=True, help="The winter items were done.")
@click.option("--no-draft", is_flag=True, help="Start afresh: take nothing from the draft of a form refused before.")
@by_option
def complete_order(
    order: str,
    done_at: Moment | None,
    hours: str | None,
    by: str,
    *,
    no_draft: bool,
    **form: Any,  # noqa: ANN401 - the fields of a form
) -> None:
    r"""Hand in the form of an order that was done.

    What is missing is named, and the form is kept as a draft: then giving what was missing is enough.

    \b
    Example:
        hourkeeper work-orders complete 12 --done-at 2026-12-01 --hours 612.5 --technician Li \
            --signed-by Wang --genuine-oils --items "engine oil: changed"
    """
    with changing() as (keeper, now_ms):
        machine_id, key = named_order(keeper, order)
        done_at_ms = None if done_at is None else done_at.ends_ms(keeper.zone, now_ms)
        form |= {"items": form["items"] or None, "has_date": done_at is not None, "has_hours": hours is not None}
        given = Completion(machine_id, key, done_at_ms, hours, Form(**form), by)
        filled = Filled(given) if no_draft else _filled(keeper, given)
        number, done = _completed(keeper, filled, now_ms)
        drafted = _from_draft(keeper, filled)
    visit = "" if number is None else f", visit no. {number}"
    report(f"{machine_id}/{key.kind}/{key.step}: done{visit}{drafted}", done)


def _filled(keeper: Keeper, given: Completion) -> Filled:
    with keeper.store.read() as connection:
        return fill(connection, given)


def _completed(keeper: Keeper, filled: Filled, now_ms: int) -> tuple[VisitNumber | None, Consequences]:
    """Complete it; a refusal also says what was taken from a draft, and how to go on with the one that is kept."""
    command = filled.command
    try:
        return seen(keeper, command.machine_id, lambda: complete(keeper, command, now_ms))
    except RefusedError as refused:
        with keeper.store.read() as connection:
            is_kept = draft_of(connection, command.machine_id, command.key) is not None
        hint = _KEPT if is_kept else ""
        raise RefusedError(f"{refused.reason}{_from_draft(keeper, filled)}{hint}", refused.missing) from None


def _from_draft(keeper: Keeper, filled: Filled) -> str:
    if not filled.names:
        return ""
    names = ", ".join(name.replace("_", " ") for name in filled.names)
    return f"\n  from the draft of {instant(filled.kept_ms, keeper.zone)}: {names}"
