"""`notices show`, `preview`, `retry` and `test`: a look into the outbox, and a hand in it."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import click

from adapters.files.visit_items import read_visit_items
from daemon.clock import clock_ms
from daemon.commands.given import config, reading
from daemon.commands.output import console, facts, grid, show_object, text_or_json_option, use_utf_8
from daemon.config import Config
from daemon.notice_named import ORDER_FIELDS, notice_named, send_again
from daemon.records import DELIVERY_FIELDS, NOTICE_FIELDS
from daemon.refused import RefusedError
from daemon.wiring import channels_of, renderer_of
from notifications.channels.channel import Channel, DeliveryFailed
from notifications.letter import Addressee, Letter, Rendered
from notifications.occasions import Occasion, Role, roles_of
from notifications.rendering import TemplateProblem
from notifications.sample_letters import sample_letter
from notifications.words import LOCALES

_TEST = Rendered(
    subject="hourkeeper: test letter / 测试邮件",
    text="This is a test of the notices of hourkeeper; nothing is to be done.\n"
    "这是 hourkeeper 通知的测试邮件，无需处理。\n",
    html='<!DOCTYPE html><html><meta charset="utf-8"><body>'
    "<p>This is a test of the notices of hourkeeper; nothing is to be done.</p>"
    "<p>这是 hourkeeper 通知的测试邮件，无需处理。</p></body></html>\n",
)


@click.command("show")
@click.argument("notice", metavar="ID")
@text_or_json_option
def show_notice(notice: str, form: str) -> None:
    """Show a notice: who is told what in which letter, and what became of it.

    ID is the notice's number, or the letter's id (a digest has no other).

    Example: hourkeeper notices show 17
    """
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        found = notice_named(connection, keeper, notice)
    if form == "json":
        show_object(found)
        return
    use_utf_8()
    click.echo(f"Notice {found['id'] or found['letter_id']}\n")
    facts({name: found[name] for name in NOTICE_FIELDS})
    if found["notices_of_letter"]:
        click.echo("\nThe letter tells of:")
        console().print(grid(found["notices_of_letter"], ORDER_FIELDS))
    if len(found["deliveries"]) > 1:
        click.echo("\nIt goes by several channels:")
        console().print(grid(found["deliveries"], DELIVERY_FIELDS))


@click.command("retry")
@click.argument("notice", metavar="ID")
def retry(notice: str) -> None:
    """Send a letter that failed for good once more, with all its attempts.

    ID is the notice's number, for every channel that failed, or a letter's id, for the one channel it goes by. The
    daemon sends it within a second or so; facts and address are read again before.

    Example: hourkeeper notices retry 17
    """
    with reading(clock_ms()) as keeper:
        again = send_again(keeper, notice)
    for letter_id in again:
        click.echo(f"letter {letter_id} waits to be sent again")


@click.command("preview")
@click.argument("occasion", type=click.Choice([occasion.value for occasion in Occasion]), metavar="OCCASION")
@click.option("--locale", type=click.Choice(LOCALES), help="Its language. Default: notifications.locale.")
@click.option(
    "--to", "role", type=click.Choice([role.value for role in Role]), help="Whom it is for. Default: who is told first."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html"]),
    default="text",
    show_default=True,
    help="Subject and text, or the HTML part as a page that any browser shows.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write it to.")
def preview(occasion: str, locale: str | None, role: str | None, form: str, out: Path | None) -> None:
    """Print a letter about made-up machines, as the templates write it.

    OCCASION is what it is about, such as visit_upcoming, stock_opened or weekly_digest; a wrong one names them all.

    Example: hourkeeper notices preview visit_overdue --locale en --format html --out letter.html
    """
    rendered = _sample(Occasion(occasion), role, locale)
    words = _page(rendered) if form == "html" else f"{rendered.subject}\n\n{rendered.text}"
    if out is not None:
        _write(out, words)
        return
    use_utf_8()
    click.echo(words, nl=False)


def _sample(what: Occasion, role: str | None, locale: str | None) -> Rendered:
    settings = config()
    to = Role(role) if role else roles_of(what)[0]
    letter = sample_letter(what, to, locale or settings.notifications.locale)
    items = read_visit_items(settings.plan.items_file)
    try:
        return renderer_of(settings, lambda _: items).render_strictly(letter)
    except TemplateProblem as problem:
        raise click.ClickException(f"the letter cannot be written: {problem}") from None


def _page(rendered: Rendered) -> str:
    """The HTML part with its pictures in it, as nothing comes along with a file."""
    page = rendered.html
    for image in rendered.images:
        page = page.replace(f"cid:{image.name}", f"data:{image.media_type};base64,{b64encode(image.content).decode()}")
    return page


def _write(out: Path, words: str) -> None:
    try:
        out.write_text(words, encoding="utf-8")
    except OSError as error:
        raise RefusedError(f"{out} cannot be written: {error.strerror}") from None


@click.command("test")
@click.argument("name", metavar="[CHANNEL]", default="email")
@click.option("--to", metavar="ADDRESS", help="Where to send it: an e-mail address, or a phone for channels by phone.")
def test_letter(name: str, to: str | None) -> None:
    """Send a test letter by one channel, now and once, and print what was answered.

    CHANNEL is `email` (the default), or the name of one of notifications.channels.

    Example: hourkeeper notices test --to me@example.org

    Example: hourkeeper notices test jinan-group
    """
    settings = config()
    channel = _channel(settings, name)
    addressee = _test_addressee(settings, name, to)
    letter = Letter(str(uuid4()), Occasion.VISIT_DUE, addressee, (), 0)
    try:
        answer = channel.deliver(letter, _TEST, datetime.now().astimezone())
    except DeliveryFailed as failure:
        raise RefusedError(f"the letter was not sent: {failure.reason}") from None
    use_utf_8()
    click.echo(f"sent to {to or name}" + (f": {answer}" if answer else ""))


def _channel(settings: Config, name: str) -> Channel:
    channels = channels_of(settings)
    if name in channels:
        return channels[name]
    if name == "email":
        raise RefusedError("no mail server is configured; set notifications.email.host and sender")
    raise RefusedError(f"there is no channel {name!r}; those configured are {', '.join(sorted(channels))}")


def _test_addressee(settings: Config, name: str, to: str | None) -> Addressee:
    by_phone = any(each.name == name and each.reaches_phones for each in settings.notifications.channels)
    if (to is not None) is not (by_phone or name == "email"):
        needs = f"{name} needs --to" if to is None else f"{name} leads to one place; leave out --to"
        raise click.UsageError(needs)
    mail, phone = (None, to) if by_phone else (to, None)
    return Addressee(Role.MANAGER, "test", "", mail, phone, settings.notifications.locale)
