"""`machines stock-in`, `transfer`, `handover` and `retire`: a machine comes and goes (rules 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from daemon import life
from daemon.commands.acting import by_option, changing, machine_argument, report, the_machine
from daemon.commands.moments import DAY, MOMENT, Moment
from daemon.consequences import do
from daemon.keeper import Keeper
from schedules.machine import Category, Warranty
from schedules.reading import IN_HISTORY, Verdict

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _at(name: str, what: str) -> Callable[[_Command], _Command]:
    return click.option("--at", name, "at", type=MOMENT, help=f"{what}; a date is its first moment. Default: now.")


def _instant(keeper: Keeper, at: Moment | None, now_ms: int) -> int:
    return now_ms if at is None else at.begins_ms(keeper.zone)


_category = click.option("--category", type=click.Choice([each.value for each in Category]), help="What it is.")
_model = click.option("--model", help="Its model, as the maker calls it.")
_region = click.option("--region", help="Region code; it says which winter is meant.")


@click.command("stock-in")
@machine_argument
@click.option("--category", type=click.Choice([each.value for each in Category]), required=True, help="What it is.")
@_model
@_region
@click.option("--yard", help="Code of the yard where it stands.")
@click.option("--inspected/--not-inspected", help="Whether it was inspected on arrival: this month's upkeep is done.")
@_at("--stocked-on", "When it came into stock")
@by_option
def stock_in(machine: str | None, named: str | None, at: Moment | None, by: str, **given: Any) -> None:  # noqa: ANN401
    r"""Register an unsold machine.

    \b
    Example:
        hourkeeper machines stock-in L955-1 --category loader --region 23 --yard Y1 --inspected
    """
    machine_id = the_machine(machine, named)
    with changing() as (keeper, now_ms):
        given["category"] = Category(given["category"])
        command = life.StockIn(machine_id, at_ms=_instant(keeper, at, now_ms), **given)
        done = do(keeper, machine_id, lambda connection: life.stock_in(connection, keeper, command, now_ms, by))
        report(f"{machine_id} is in stock", done)


@click.command("transfer")
@machine_argument
@_region
@click.option("--yard", help="Code of the yard where it stands.")
@_at("--on", "When it moved")
@by_option
def transfer(
    machine: str | None, named: str | None, region: str | None, yard: str | None, at: Moment | None, by: str
) -> None:
    r"""Move a machine in stock to another yard.

    \b
    Example:
        hourkeeper machines transfer L955-1 --region 37 --yard Y2
    """
    if not region and not yard:
        raise click.UsageError("say where it moved: --region, --yard, or both")
    machine_id = the_machine(machine, named)
    with changing() as (keeper, now_ms):
        command = life.Transfer(machine_id, _instant(keeper, at, now_ms), region, yard)
        done = do(keeper, machine_id, lambda connection: life.transfer(connection, keeper, command, now_ms, by))
        report(f"{machine_id} has moved", done)


@click.command("handover")
@machine_argument
@click.option("--hours", help="What its meter showed.")
@click.option(
    "--warranty", type=click.Choice([each.value for each in Warranty]), required=True, help="Which warranty it has."
)
@_category
@_model
@_region
@click.option("--customer", help="Whom it was handed to.")
@click.option("--customer-email", help="Where the customer is written to.")
@click.option("--customer-phone", help="Where the customer is called.")
@click.option("--customer-locale", help="Language of letters to the customer: zh-CN or en.")
@click.option("--service-centre", help="Who services it.")
@click.option("--last-step-done", help="The highest mandatory visit that was done before it was registered.")
@click.option("--last-step-done-on", type=DAY, help="When that visit was done.")
@_at("--handed-over-on", "When it was handed over")
@by_option
def handover(machine: str | None, named: str | None, at: Moment | None, by: str, **given: Any) -> None:  # noqa: ANN401
    r"""Hand a machine to its user; one that was not in stock needs --category.

    \b
    Example:
        hourkeeper machines handover L955-1 --warranty one_year --hours 2 --customer Wang \
            --service-centre JN
    """
    machine_id = the_machine(machine, named)
    with changing() as (keeper, now_ms):
        given["warranty"] = Warranty(given["warranty"])
        given["category"] = None if given["category"] is None else Category(given["category"])
        command = life.HandOver(machine_id, _instant(keeper, at, now_ms), **given)
        verdicts: list[Verdict | None] = []
        done = do(
            keeper,
            machine_id,
            lambda connection: verdicts.append(life.hand_over(connection, keeper, command, now_ms, by)),
        )
        report(f"{machine_id} is handed over", done)
        _warn_of_hours(verdicts[0], given["hours"])


def _warn_of_hours(verdict: Verdict | None, hours: str | None) -> None:
    if verdict is not None and verdict not in IN_HISTORY:
        click.echo(f"note: {hours} h was refused as a reading ({verdict}) and waits for a decision", err=True)


@click.command("retire")
@machine_argument
@click.option("--reason", required=True, help="Why it leaves.")
@_at("--on", "When it left")
@by_option
def retire(machine: str | None, named: str | None, reason: str, at: Moment | None, by: str) -> None:
    r"""End a machine's life; all that is open ends with it.

    \b
    Example:
        hourkeeper machines retire L955-1 --reason scrapped
    """
    machine_id = the_machine(machine, named)
    with changing() as (keeper, now_ms):
        command = life.Retire(machine_id, _instant(keeper, at, now_ms), reason)
        done = do(keeper, machine_id, lambda connection: life.retire(connection, keeper, command, now_ms, by))
        report(f"{machine_id} is retired", done)
