"""The catalogues: every sentence of the code is there, in every language, with the same places to fill in."""

from __future__ import annotations

import re
import string

import pytest

from daemon import listing, service_book
from notifications.field_names import FIELD_NAMES
from notifications.words import LOCALES, words_in

from .messages import TRANSLATED, compiled, forms, gathered, known, po_file, untranslated


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_in_the_catalogue(language: str) -> None:
    spoken, written = ({message.id for message in each if message.id} for each in (gathered(), known(language)))

    assert spoken - written == set(), "run `make messages`, then translate"
    assert written - spoken == set(), "run `make messages`: nobody says these any more"


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_left_untranslated(language: str) -> None:
    assert untranslated(known(language)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_what_the_sentence_does(language: str) -> None:
    for message in known(language):
        if message.id:
            said = set.union(*map(_places, forms(message.id)))
            assert all(_places(form) == said for form in forms(message.string)), message.id


def _places(sentence: str) -> set[str]:
    """The names that code (`{name}`) and templates (`%(name)s`) fill in."""
    by_code = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
    return by_code | set(re.findall(r"%\(\w+\)s", sentence))


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_gettext_reads_is_what_translators_wrote(language: str) -> None:
    assert po_file(language).with_suffix(".mo").read_bytes() == compiled(known(language)), "run `make messages`"


def test_every_field_that_is_shown_has_a_name_in_words() -> None:
    shown = {*listing.ORDER_FIELDS, *listing.FORM_FIELDS, *service_book.MACHINE_FIELDS, *service_book.STORY_FIELDS}

    assert {name.replace("_", " ") for name in shown} - set(FIELD_NAMES) == set()


@pytest.mark.parametrize(
    ("locale", "said"), [("zh-CN", "到期"), ("zh", "到期"), ("zh_CN", "到期"), ("en-GB", "due"), ("fr", "due")]
)
def test_a_locale_finds_its_language(locale: str, said: str) -> None:
    assert words_in(locale)("due") == said


def test_every_language_has_words() -> None:
    assert {locale.replace("-", "_") for locale in LOCALES} - {"en"} == set(TRANSLATED)
