"""`machines list`, `machines show`, `centres list` and `yards list`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from daemon import service_book
from daemon.assessing import UnknownMachineError
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.orders import COLUMNS as ORDER_COLUMNS
from daemon.commands.output import (
    Columns,
    console,
    facts,
    format_option,
    grid,
    locale_option,
    one_of,
    show,
    show_object,
    text_or_json_option,
    use_utf_8,
)
from notifications.words import Words, words_in
from schedules.machine import Category, Status

_MACHINE_COLUMNS = Columns(
    service_book.MACHINE_FIELDS,
    (
        "machine_id",
        "category",
        "model",
        "status",
        "total_hours",
        "heard_at",
        "service_centre",
        "region",
        "customer",
        "yard",
        "handed_over_on",
        "warranty",
    ),
)
_ORDER_NAMES = [name for name in ORDER_COLUMNS.in_table if name != "machine_id"][:9]
_PLACE = ("name", "locale", "email", "phone", "region")


@click.command("list")
@click.option("--status", type=one_of(Status), help="Only machines that are this.")
@click.option("--category", type=one_of(Category), help="Only machines of this category.")
@click.option("--service-centre", metavar="CODE", help="Only machines of this service centre.")
@click.option("--region", metavar="CODE", help="Only machines in this region.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many.")
@format_option
def list_machines(limit: int | None, form: str, **conditions: str | None) -> None:
    """List machines, by number.

    Example: hourkeeper machines list --status stock --region 23
    """
    now_ms = clock_ms()
    wanted = {name: value for name, value in conditions.items() if value is not None}
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        show(service_book.machines(connection, keeper, wanted, limit), _MACHINE_COLUMNS, form)


@click.command("show")
@click.argument("machine")
@locale_option
@text_or_json_option
def show_machine(machine: str, locale: str, form: str) -> None:
    """Show a machine: its facts, its meter, its work orders and its story, like a service book.

    Example: hourkeeper machines show L955-1 --locale zh-CN
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        found = service_book.machine(connection, keeper, machine, now_ms, words_in(locale))
    if found is None:
        raise UnknownMachineError(machine)
    if form == "json":
        show_object(found)
    else:
        _print(found, words_in(locale))


def _print(found: Mapping[str, Any], _: Words) -> None:
    use_utf_8()
    click.echo(_("Machine {machine_id}").format(machine_id=found["machine_id"]) + "\n")
    facts({name: found[name] for name in service_book.MACHINE_FIELDS}, _)
    _section(_("Meter changes"), found["meter_changes"], ("changed_at", "old_end", "new_start", "recorded_at"), _)
    _section(_("Work orders"), found["work_orders"], _ORDER_NAMES, _)
    _section(_("Findings"), found["findings"], ("opened_on", "what", "advice"), _)
    _section(_("Story"), found["story"], ("on", "total_hours", "what", "by"), _)


def _section(title: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str], words: Words) -> None:
    if rows:
        click.echo(f"\n{title}")
        console().print(grid(rows, names, words))


@click.command("list")
@format_option
def list_centres(form: str) -> None:
    """List the service centres, by code.

    Example: hourkeeper centres list --format csv
    """
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        show(service_book.centres(connection), Columns(service_book.CENTRE_FIELDS, ("service_centre", *_PLACE)), form)


@click.command("list")
@format_option
def list_yards(form: str) -> None:
    """List the yards, by code.

    Example: hourkeeper yards list
    """
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        show(service_book.yards(connection), Columns(service_book.YARD_FIELDS, ("yard", *_PLACE)), form)
