"""Letters in words: a template per occasion, ours if the operator's fails, and plain text if that fails too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import structlog

from notifications.digest import Digest
from notifications.digest_letter import digest_in_words, digest_plainly, with_table
from notifications.fallback import fallback
from notifications.letter import Letter, Rendered
from notifications.link import Proof, codes_in
from notifications.plain import plain
from notifications.sample_letters import sample_letters
from notifications.sandbox import bounded
from notifications.template_problem import TemplateProblem, problem_of
from notifications.template_set import TemplateSet
from notifications.view import View, view_of
from notifications.words import LOCALES, nearest_locale
from notifications.work_view import ItemsOf

_MOST_CHARS = 1_000_000
_MOST_IN_SUBJECT = 180
_log = structlog.stdlib.get_logger(__name__)


class Renderer:
    """Writes letters.

    `items_of` finds the work items and materials to list; `page` is the address under which readers find the
    product ("" leaves it out), `locale` the language of whoever has none of ours, `templates` the operator's
    folder of templates, `most_chars` the longest body, `proof` is what a link bears instead of a password.
    """

    def __init__(
        self,
        items_of: ItemsOf,
        *,
        page: str = "",
        locale: str = LOCALES[0],
        templates: Path | None = None,
        most_chars: int = _MOST_CHARS,
        proof: Proof | None = None,
    ) -> None:
        self._items_of = items_of
        self._page, self._proof = page, proof
        self._locale = locale
        self._most_chars = most_chars
        self._ours = TemplateSet()
        self._used = self._ours if templates is None else TemplateSet(templates)

    def check_overrides(self) -> None:
        """Check the templates of the operator's folder, where one is given; raises as `check` does."""
        if self._used is not self._ours:
            self.check()

    def check(self) -> None:
        """Write a sample of every letter to every role in every language.

        Raises TemplateProblem with all that fail, naming the templates, their lines and the causes.
        """
        found = {str(problem): problem for problem in self._problems()}
        if found:
            first = next(iter(found.values()))
            others = "".join(f"\n{problem}" for problem in list(found)[1:])
            raise TemplateProblem(first.template, f"{first.cause}{others}")

    def _problems(self) -> Iterator[TemplateProblem]:
        yield from self._used.strangers()
        for locale in LOCALES:
            for letter in sample_letters(locale):
                try:
                    self._in_words(letter, self._used)
                except TemplateProblem as problem:
                    yield problem

    def render(self, letter: Letter) -> Rendered:
        """A letter in words; never raises: where a template fails ours takes its place, and then plain text."""
        for templates in dict.fromkeys((self._used, self._ours)):
            try:
                return self._complete(letter, templates)
            except Exception as problem:  # noqa: BLE001 - whatever is wrong with a template, the notice must go out
                _log.error("template_failed", letter_id=letter.letter_id, occasion=letter.occasion, cause=str(problem))
        return self._plainly(letter)

    def _plainly(self, letter: Letter) -> Rendered:
        if letter.digest is not None:
            return digest_plainly(letter.digest, self._locale_of(letter), self._most_chars)
        return fallback(letter, self._most_chars)

    def render_strictly(self, letter: Letter) -> Rendered:
        """A letter in words, with its attachments; raises TemplateProblem naming the template and the cause."""
        return self._complete(letter, self._used)

    def _complete(self, letter: Letter, templates: TemplateSet) -> Rendered:
        rendered = self._in_words(letter, templates)
        return rendered if letter.digest is None else with_table(rendered, letter.digest, self._locale_of(letter))

    def _locale_of(self, letter: Letter) -> str:
        return nearest_locale(letter.addressee.locale, self._locale)

    def _in_words(self, letter: Letter, templates: TemplateSet) -> Rendered:
        template = f"{letter.occasion}.j2"
        try:
            if letter.digest is not None:
                return self._digest(letter, letter.digest, templates)
            view = view_of(letter, self._locale_of(letter), self._items_of, self._page, self._proof)
            return self._rendered(template, view, templates)
        except Exception as error:
            raise problem_of(error, template, templates.folders) from error

    def _digest(self, letter: Letter, digest: Digest, templates: TemplateSet) -> Rendered:
        locale = self._locale_of(letter)
        environments = templates.text[locale], templates.html[locale]
        found = digest_in_words(digest, letter.addressee, locale, self._page, environments, self._most_chars)
        return replace(found, subject=plain(found.subject, _MOST_IN_SUBJECT), text=_tidy(found.text))

    def _rendered(self, template: str, view: View, templates: TemplateSet) -> Rendered:
        text_by, html_by = templates.text[view["locale"]], templates.html[view["locale"]]
        subject = bounded(text_by, template, {**view, "layout": "subject.j2"}, self._most_chars)
        text = bounded(text_by, template, {**view, "layout": "letter.txt.j2"}, self._most_chars)
        html = bounded(html_by, template, {**view, "layout": "letter.html.j2"}, self._most_chars)
        line = plain(subject, _MOST_IN_SUBJECT)
        if not line or not text.strip():
            raise ValueError("the template says nothing")
        return Rendered(line, _tidy(text), html.strip() + "\n", images=codes_in(view))


def _tidy(text: str) -> str:
    """No blanks at line ends, never two empty lines in a row."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


__all__ = ["ItemsOf", "Renderer", "TemplateProblem"]
