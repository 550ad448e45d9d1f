"""`work-orders acknowledge`, `contact`, `schedule`, `complete`, `cancel` and `copy-sent` (rules 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import click
from sqlalchemy import Connection

from daemon import work
from daemon.commands.acting import by_option, changing, report
from daemon.commands.moments import DAY, MOMENT, Moment
from daemon.consequences import do, seen
from daemon.keeper import Keeper
from daemon.order_id import order_named
from schedules.evidence import Form
from schedules.work_order import OrderKey

_order = click.argument("order", metavar="ID")
Use = Callable[[Connection, Keeper, str, OrderKey, int], None]


def _carry_out(order: str, what: str, use: Use) -> None:
    with changing() as (keeper, now_ms):
        machine_id, key = _named(keeper, order)
        done = do(keeper, machine_id, lambda connection: use(connection, keeper, machine_id, key, now_ms))
    report(f"{machine_id}/{key.kind}/{key.step}: {what}", done)


def _named(keeper: Keeper, order: str) -> tuple[str, OrderKey]:
    with keeper.store.read() as connection:
        return order_named(connection, order)


@click.command("acknowledge")
@_order
@by_option
def acknowledge(order: str, by: str) -> None:
    r"""Say that somebody has taken notice: managers are reminded no more.

    \b
    Example:
        hourkeeper work-orders acknowledge L955-1/mandatory_visit/600
    """
    _carry_out(
        order,
        "acknowledged",
        lambda connection, keeper, machine_id, key, now_ms: work.acknowledge(
            connection, keeper, machine_id, key, by, now_ms
        ),
    )


@click.command("contact")
@_order
@by_option
def contact(order: str, by: str) -> None:
    r"""Say that the centre has spoken with the user.

    \b
    Example:
        hourkeeper work-orders contact L955-1/mandatory_visit/600 --by Li
    """
    _carry_out(
        order,
        "contacted",
        lambda connection, keeper, machine_id, key, now_ms: work.contact(
            connection, keeper, machine_id, key, by, now_ms
        ),
    )


@click.command("schedule")
@_order
@click.option("--scheduled-for", type=DAY, required=True, help="The day agreed with the user.")
@by_option
def schedule(order: str, scheduled_for: date, by: str) -> None:
    r"""Say which day is agreed with the user.

    \b
    Example:
        hourkeeper work-orders schedule L955-1/mandatory_visit/600 --scheduled-for 2026-12-01
    """
    _carry_out(
        order,
        f"scheduled for {scheduled_for}",
        lambda connection, keeper, machine_id, key, now_ms: work.schedule(
            connection, keeper, machine_id, key, scheduled_for, now_ms, by
        ),
    )


@click.command("cancel")
@_order
@click.option("--reason", required=True, help="Why it is not to be done.")
@by_option
def cancel(order: str, reason: str, by: str) -> None:
    r"""End an open order for good, with a reason.

    \b
    Example:
        hourkeeper work-orders cancel 12 --reason "the machine was stolen"
    """
    _carry_out(
        order,
        "cancelled",
        lambda connection, keeper, machine_id, key, now_ms: work.cancel(
            connection, keeper, machine_id, key, reason, by, now_ms
        ),
    )


@click.command("copy-sent")
@_order
@click.option("--on", type=DAY, help="When copy 1 of the form was sent. Default: today.")
@by_option
def copy_sent(order: str, on: date | None, by: str) -> None:
    r"""Say that copy 1 of the form went to the maker.

    \b
    Example:
        hourkeeper work-orders copy-sent 12 --on 2026-12-02
    """
    _carry_out(
        order,
        "copy 1 sent",
        lambda connection, keeper, machine_id, key, now_ms: work.copy_sent(
            connection, keeper, machine_id, key, on or keeper.today(now_ms), now_ms, by
        ),
    )


@click.command("complete")
@_order
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
@by_option
def complete(order: str, done_at: Moment | None, hours: str | None, by: str, **form: Any) -> None:  # noqa: ANN401
    r"""Hand in the form of an order that was done; what is missing is named, and a draft is kept.

    \b
    Example:
        hourkeeper work-orders complete 12 --done-at 2026-12-01 --hours 612.5 --technician Li \
            --signed-by Wang --genuine-oils --items "engine oil: changed"
    """
    with changing() as (keeper, now_ms):
        machine_id, key = _named(keeper, order)
        done_at_ms = None if done_at is None else done_at.ends_ms(keeper.zone, now_ms)
        form |= {"items": form["items"] or None, "has_date": done_at is not None, "has_hours": hours is not None}
        command = work.Completion(machine_id, key, done_at_ms, hours, Form(**form), by)
        number, done = seen(keeper, machine_id, lambda: work.complete(keeper, command, now_ms))
    visit = "" if number is None else f", visit no. {number}"
    report(f"{machine_id}/{key.kind}/{key.step}: done{visit}", done)
