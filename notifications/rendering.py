"""Letters in words: a template per occasion for all languages, and plain text if one of them fails."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import structlog

from notifications.digest import Digest
from notifications.digest_letter import digest_in_words, digest_plainly, with_table
from notifications.fallback import fallback
from notifications.letter import Letter, Rendered
from notifications.plain import plain
from notifications.sample_letters import sample_letters
from notifications.sandbox import SHIPPED_TEMPLATES, bounded, sandbox
from notifications.template_problem import TemplateProblem, problem_of
from notifications.view import View, view_of
from notifications.words import LOCALES, nearest_locale
from notifications.work_view import ItemsOf

_MOST_CHARS = 1_000_000
_MOST_IN_SUBJECT = 180
_log = structlog.stdlib.get_logger(__name__)


class Renderer:
    """Writes letters.

    `items_of` finds the work items and materials to list; `page` is the address under which readers find the
    product ("" leaves it out), `locale` the language of whoever has none of ours, `most_chars` the longest
    body.
    """

    def __init__(
        self,
        items_of: ItemsOf,
        *,
        page: str = "",
        locale: str = LOCALES[0],
        templates: Path = SHIPPED_TEMPLATES,
        most_chars: int = _MOST_CHARS,
    ) -> None:
        self._items_of = items_of
        self._page = page
        self._locale = locale
        self._folder = templates
        self._most_chars = most_chars
        self._text = {locale: sandbox([templates], locale, escape=False) for locale in LOCALES}
        self._html = {locale: sandbox([templates], locale, escape=True) for locale in LOCALES}

    def check(self) -> None:
        """Write a sample of every letter to every role in every language.

        Raises TemplateProblem at the first that fails, naming the template and the cause.
        """
        for locale in LOCALES:
            for letter in sample_letters(locale):
                self._in_words(letter)

    def render(self, letter: Letter) -> Rendered:
        """A letter in words; never raises: where a template fails, plain text takes its place."""
        try:
            return self.render_strictly(letter)
        except Exception as problem:  # noqa: BLE001 - whatever is wrong with a template, the notice must go out
            _log.error("template_failed", letter_id=letter.letter_id, occasion=letter.occasion, cause=str(problem))
            return self._plainly(letter)

    def _plainly(self, letter: Letter) -> Rendered:
        if letter.digest is not None:
            return digest_plainly(letter.digest, self._locale_of(letter), self._most_chars)
        return fallback(letter, self._most_chars)

    def render_strictly(self, letter: Letter) -> Rendered:
        """A letter in words, with its attachments; raises TemplateProblem naming the template and the cause."""
        rendered = self._in_words(letter)
        return rendered if letter.digest is None else with_table(rendered, letter.digest, self._locale_of(letter))

    def _locale_of(self, letter: Letter) -> str:
        return nearest_locale(letter.addressee.locale, self._locale)

    def _in_words(self, letter: Letter) -> Rendered:
        if letter.digest is not None:
            return self._digest(letter, letter.digest)
        locale = self._locale_of(letter)
        template = f"{letter.occasion}.j2"
        try:
            return self._rendered(template, view_of(letter, locale, self._items_of, self._page))
        except Exception as error:
            raise problem_of(error, template, self._folder) from error

    def _digest(self, letter: Letter, digest: Digest) -> Rendered:
        locale = self._locale_of(letter)
        environments = self._text[locale], self._html[locale]
        try:
            found = digest_in_words(digest, letter.addressee, locale, self._page, environments, self._most_chars)
        except Exception as error:
            raise problem_of(error, "digest", self._folder) from error
        return replace(found, subject=plain(found.subject, _MOST_IN_SUBJECT), text=_tidy(found.text))

    def _rendered(self, template: str, view: View) -> Rendered:
        text_by, html_by = self._text[view["locale"]], self._html[view["locale"]]
        subject = bounded(text_by, template, {**view, "layout": "subject.j2"}, self._most_chars)
        text = bounded(text_by, template, {**view, "layout": "letter.txt.j2"}, self._most_chars)
        html = bounded(html_by, template, {**view, "layout": "letter.html.j2"}, self._most_chars)
        line = plain(subject, _MOST_IN_SUBJECT)
        if not line or not text.strip():
            raise ValueError("the template says nothing")
        return Rendered(line, _tidy(text), html.strip() + "\n")


def _tidy(text: str) -> str:
    """No blanks at line ends, never two empty lines in a row."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


__all__ = ["ItemsOf", "Renderer", "TemplateProblem"]
