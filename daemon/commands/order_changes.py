"""`work-orders acknowledge`, `contact`, `schedule`, `cancel` and `copy-sent` (rules 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import click
from sqlalchemy import Connection

from daemon import work
from daemon.commands.acting import by_option, changing, named_order, order_argument, report
from daemon.commands.moments import DAY
from daemon.consequences import do
from daemon.keeper import Keeper
from schedules.work_order import OrderKey

Use = Callable[[Connection, Keeper, str, OrderKey, int], None]


def _carry_out(order: str, what: str, use: Use) -> None:
    with changing() as (keeper, now_ms):
        machine_id, key = named_order(keeper, order)
        done = do(keeper, machine_id, lambda connection: use(connection, keeper, machine_id, key, now_ms))
    report(f"{machine_id}/{key.kind}/{key.step}: {what}", done)


@click.command("acknowledge")
@order_argument
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
@order_argument
@click.option("--note", help="What was agreed, or why nothing was.")
@by_option
def contact(order: str, note: str | None, by: str) -> None:
    r"""Say that the centre has spoken with the user.

    \b
    Example:
        hourkeeper work-orders contact L955-1/mandatory_visit/600 --by Li --note "filters are in stock"
    """
    _carry_out(
        order,
        "contacted",
        lambda connection, keeper, machine_id, key, now_ms: work.contact(
            connection, keeper, machine_id, key, by, now_ms, note
        ),
    )


@click.command("schedule")
@order_argument
@click.option("--scheduled-for", type=DAY, required=True, help="The day agreed with the user.")
@by_option
def schedule(order: str, scheduled_for: date, by: str) -> None:
    r"""Say which day is agreed with the user; said again, the visit is moved.

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
@order_argument
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
@order_argument
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
