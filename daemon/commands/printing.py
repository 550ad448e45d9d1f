"""`work-orders form`: the forms of an order, or a yard's sheets for a month, to print (rules 6)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from sqlalchemy import Connection

from adapters.files.new_file import write_new
from daemon import printing
from daemon.clock import clock_ms
from daemon.commands.given import UnusableError, reading
from daemon.commands.moments import MONTH
from daemon.commands.orders import unknown_order
from daemon.commands.progress import progress
from daemon.keeper import Keeper
from daemon.order_id import order_named
from daemon.refused import RefusedError
from notifications.paper.facts import PaperFacts
from notifications.words import LOCALES, nearest_locale


@click.command("form")
@click.argument("order", metavar="[ID]", required=False)
@click.option("--out", type=click.Path(path_type=Path), metavar="F.pdf", required=True, help="The file to write.")
@click.option("--locale", type=click.Choice(LOCALES), help="Its language. Default: notifications.locale.")
@click.option("--service-record", is_flag=True, help="Add an on-site service record, its number left to write in.")
@click.option("--yard", metavar="YARD", help="Instead of one order: the open sheets of all machines in this yard ...")
@click.option("--month", type=MONTH, help="... of this month, with the frost protection that is to be done by then.")
def form(
    order: str | None,
    out: Path,
    locale: str | None,
    yard: str | None,
    month: date | None,
    *,
    service_record: bool,
) -> None:
    r"""Write the form of an order as a PDF to print (A4), filled with what is known.

    ID is the order's number, or MACHINE/KIND/STEP. A mandatory visit has its form in three marked copies; monthly
    stock upkeep and frost protection a check sheet each; the user's own service has no form, so what is written is
    the list of items and materials for the user. What is not known yet has room to write; an order that is done is
    filled from its accepted form.

    \b
    Example:
        hourkeeper work-orders form L955-1/mandatory_visit/600 --out visit.pdf --service-record
        hourkeeper work-orders form --yard Y1 --month 2026-11 --out november.pdf
    """
    _one_way(order, yard, month)
    if out.exists():
        raise _exists(out)
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        found = _found(connection, keeper, order, (yard, month), now_ms)
        language = locale or nearest_locale(keeper.telling.locale, LOCALES[0])
    _write(out, found, language, with_record=service_record)
    click.echo(f"{out}: {_named(found)}")


def _one_way(order: str | None, yard: str | None, month: date | None) -> None:
    if (order is None) == (yard is None) or (yard is None) != (month is None):
        raise click.UsageError("name one work order: ID, or a yard and a month: --yard YARD --month YYYY-MM")


def _found(
    connection: Connection, keeper: Keeper, order: str | None, of_yard: tuple[str | None, date | None], now_ms: int
) -> list[PaperFacts]:
    yard, month = of_yard
    if yard is not None and month is not None:
        return _sheets_of_yard(connection, keeper, yard, month, now_ms)
    machine_id, key = order_named(connection, order or "")
    found = printing.order_on_paper(connection, keeper, machine_id, key, now_ms)
    if found is None:
        raise unknown_order(connection, machine_id, key)
    return [found]


def _sheets_of_yard(connection: Connection, keeper: Keeper, yard: str, month: date, now_ms: int) -> list[PaperFacts]:
    found = printing.yard_on_paper(connection, keeper, yard, month, now_ms)
    if not found:
        raise RefusedError(f"yard {yard} has no open sheet for {month:%Y-%m}; `hourkeeper yards list` names the yards")
    return found


def _write(out: Path, found: list[PaperFacts], locale: str, *, with_record: bool) -> None:
    from notifications.paper.forms import forms_pdf

    with progress("sheets") as shown:
        content = forms_pdf(found, locale, with_record=with_record, progress=shown)
    try:
        write_new(out, content)
    except FileExistsError:
        raise _exists(out) from None
    except OSError as error:
        raise UnusableError(f"{out} cannot be written: {error.strerror or error}") from None


def _exists(out: Path) -> RefusedError:
    return RefusedError(f"{out} exists already; name another file, or remove it first")


def _named(found: list[PaperFacts]) -> str:
    """What was printed, in a few words."""
    order = found[0].order
    if len(found) == 1:
        return f"the form of {order.machine_id}/{order.kind}/{order.step}"
    return f"{len(found)} sheets of {len({each.order.machine_id for each in found})} machines"
