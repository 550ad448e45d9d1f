"""`work-orders list` and `work-orders show`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click
from sqlalchemy import Connection

from adapters.store import listing as store
from adapters.store.listing import OrderFilter, states_of
from daemon import listing
from daemon.assessing import UnknownMachineError
from daemon.clock import clock_ms
from daemon.commands.given import reading
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
from daemon.drafts import FORM_FIELDS
from daemon.order_id import order_named
from daemon.refused import RefusedError
from notifications.names import order_name
from notifications.words import Words, words_in
from schedules.copy_1 import Copy1
from schedules.work_order import Kind, OrderKey, State

COLUMNS = Columns(
    listing.ORDER_FIELDS,
    (
        "id",
        "machine_id",
        "kind",
        "step",
        "state",
        "opens_on",
        "due_on",
        "overdue_on",
        "closed_on",
        "late_days",
        "projected_due_on",
        "service_centre",
        "customer",
    ),
)

UNSENT_COLUMNS = Columns(
    (*listing.ORDER_FIELDS, *listing.FORM_FIELDS),
    ("id", "machine_id", "step", "closed_on", "copy_1", "copy_1_sent_by", "visit_no", "service_centre", "customer"),
)


@click.command("list")
@click.option("--state", type=one_of(State, "open"), help="Only these; open is upcoming, due and overdue.")
@click.option("--kind", type=one_of(Kind), help="Only orders of this kind.")
@click.option("--machine", metavar="MACHINE", help="Only orders of this machine.")
@click.option("--service-centre", metavar="CODE", help="Only machines of this service centre.")
@click.option("--region", metavar="CODE", help="Only machines in this region.")
@click.option(
    "--copy-1",
    type=click.Choice([Copy1.MISSING, Copy1.FORFEITED]),
    help="Only visits whose form's copy 1 was not sent: while it still counts, or too late for the fee.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many.")
@format_option
def list_orders(
    state: str | None,
    kind: str | None,
    machine: str | None,
    service_centre: str | None,
    region: str | None,
    copy_1: str | None,
    limit: int | None,
    form: str,
) -> None:
    """List work orders, by machine.

    Example: hourkeeper work-orders list --state open --service-centre JN --format csv
    """
    now_ms = clock_ms()
    wanted = OrderFilter(
        states=None if state is None else states_of(state),
        kind=None if kind is None else Kind(kind),
        machine_id=machine,
        service_centre=service_centre,
        region=region,
    )
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        unsent = None if copy_1 is None else listing.unsent(keeper, Copy1(copy_1), now_ms)
        columns = COLUMNS if copy_1 is None else UNSENT_COLUMNS
        show(listing.orders(connection, keeper, replace(wanted, unsent=unsent), now_ms, limit), columns, form)


@click.command("show")
@click.argument("order", metavar="ID")
@locale_option
@text_or_json_option
def show_order(order: str, locale: str, form: str) -> None:
    """Show a work order: where it stands, why, and what happened.

    ID is its number, or MACHINE/KIND/STEP.

    Example: hourkeeper work-orders show L955-1/mandatory_visit/600
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        machine_id, key = order_named(connection, order)
        found = listing.order(connection, keeper, machine_id, key, now_ms, words_in(locale))
        if found is None:
            raise unknown_order(connection, machine_id, key)
    if form == "json":
        show_object({name: found[name] for name in (*listing.ORDER_FIELDS, *listing.FORM_FIELDS, "draft", "events")})
    else:
        _print(found, words_in(locale))


def unknown_order(connection: Connection, machine_id: str, key: OrderKey) -> Exception:
    """What is wrong where there is no such order: the machine is not known, or has no such order."""
    if store.machine(connection, machine_id) is None:
        return UnknownMachineError(machine_id)
    return RefusedError(
        f"{machine_id} has no work order {key.kind}/{key.step}; `hourkeeper work-orders list --machine {machine_id}`"
        " names those it has"
    )


def _visit_no(found: Mapping[str, Any]) -> dict[str, Any]:
    """On paper there is one number, crossed out or not."""
    number = (
        f"{found['visit_no']} (void: its completion was taken back)" if found["visit_no_void"] else found["visit_no"]
    )
    return {"visit_no": number, "visit_no_void": None}


def _print(found: Mapping[str, Any], _: Words) -> None:
    use_utf_8()
    name = order_name(Kind(found["kind"]), found["step"], _)
    identity = f"{found['machine_id']}/{found['kind']}/{found['step']}"
    click.echo(_("Work order {id}: {identity} ({name})").format(id=found["id"], identity=identity, name=name) + "\n")
    facts({**{name: found[name] for name in listing.ORDER_FIELDS}, **_visit_no(found)}, _)
    click.echo("\n" + _("Why:"))
    for sentence in found["why"]:
        click.echo(f"  {sentence}")
    if found["draft"] is not None:
        _print_draft(found["draft"])
    click.echo("\n" + _("What happened:"))
    console().print(grid(found["events"], ("on", "total_hours", "told", "by", "recorded_at"), _))


def _print_draft(draft: Mapping[str, Any]) -> None:
    by = f" by {draft['by']}" if draft["by"] else ""
    click.echo(f"\nDraft of a form, kept since {draft['recorded_at']}{by}: {draft['reason']}")
    said = {name: draft[name] for name in FORM_FIELDS if draft[name] not in (None, False, [])}
    facts({**said, "items": "; ".join(draft["items"] or ()) or None})
