"""A week's digest as a letter: mail in text and HTML, and the whole of it as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from notifications.digest import Digest
from notifications.digest_words import View, sections, sheets, subject
from notifications.letter import Addressee, Attachment, Rendered
from notifications.plain import plain
from notifications.sandbox import Sandbox, bounded
from notifications.words import words_in
from notifications.workbook import MEDIA_TYPE, workbook


def digest_in_words(
    digest: Digest, to: Addressee, locale: str, page: str, environments: tuple[Sandbox, Sandbox], most_chars: int
) -> Rendered:
    """The mail without its table; `environments` are those of text and of HTML."""
    _ = words_in(locale)
    line = subject(digest, _)
    view = {
        "locale": locale,
        "subject": line,
        "hello": _("Hello {name},").format(name=plain(to.name)),
        "opening": _("This is how the machines you look after stand on {day}.").format(day=digest.on),
        "sections": sections(digest, _),
        "attached": _("Everything is in the attached table."),
        "page": page,
        "footer": _("You get this letter once a week. hourkeeper wrote it by itself."),
    }
    text, html = environments
    return Rendered(
        line,
        bounded(text, "digest.txt.j2", view, most_chars),
        bounded(html, "digest.html.j2", view, most_chars),
    )


def digest_plainly(digest: Digest, locale: str, most_chars: int) -> Rendered:
    """The mail without a template, for want of one that works; cut at `most_chars`."""
    _ = words_in(locale)
    lines = [line for section in sections(digest, _) for line in _lines(section)]
    text = "\n".join(lines)[:most_chars] + "\n"
    html = f'<!DOCTYPE html><html><meta charset="utf-8"><body><pre>{escape(text)}</pre></body></html>\n'
    return Rendered(subject(digest, _), text, html)


def _lines(section: View) -> Iterator[str]:
    yield section["title"]
    for row in section["rows"]:
        yield f"* {row['heading']}: {row['details']}"
    yield ""


def with_table(rendered: Rendered, digest: Digest, locale: str) -> Rendered:
    """The same with the table attached."""
    content = workbook(sheets(digest, words_in(locale)))
    table = Attachment(f"hourkeeper-{digest.on}.xlsx", MEDIA_TYPE, content)
    return replace(rendered, attachments=(*rendered.attachments, table))
