"""The languages: every sentence stands in the code once, in English, and gettext finds it in the others."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import cache
from pathlib import Path

LOCALES = ("zh-CN", "en")
CATALOGUES = Path(__file__).with_name("catalogues")
DOMAIN = "hourkeeper"
Words = Callable[[str], str]
"""Finds a sentence in one language; named `_` where it is called, so that the sentences can be gathered."""


def words_in(locale: str) -> Words:
    """The words of the language that comes nearest to a locale."""
    return catalogue_in(nearest_locale(locale, "en")).gettext


@cache
def catalogue_in(locale: str) -> gettext.NullTranslations:
    """The catalogue of one of our languages; the sentences themselves are English."""
    language = locale.replace("-", "_")
    return gettext.translation(DOMAIN, CATALOGUES, [language], fallback=language == "en")


def nearest_locale(wanted: str, default: str) -> str:
    """The language of ours that comes nearest: the same, else the same first part, else `default`."""
    language = wanted.replace("_", "-").partition("-")[0].casefold()
    return next((locale for locale in LOCALES if locale.partition("-")[0] == language), default)
