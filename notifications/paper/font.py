"""The font of the printed forms: it lies beside this file and is embedded, so that every printer has it.

It holds GB 2312, Latin-1 and rarer characters of names (`make font` makes it). A character that it
does not hold is never left out: a mark stands in its place.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

FILE = Path(__file__).with_name("noto-sans-sc.ttf")
MISSING = "〓"
"""Stands for a character that the font does not hold: the printers' mark for a missing piece of type."""


@cache
def font_name() -> str:
    """The name under which the font is known to the PDF library."""
    registerFont(_font())
    return str(_font().fontName)


@cache
def _font() -> TTFont:
    return TTFont("hourkeeper-paper", str(FILE))


@cache
def _held() -> frozenset[int]:
    return frozenset(_font().face.charToGlyph)


def printable(text: str) -> str:
    """The text as the font can print it."""
    return "".join(each if ord(each) in _held() else MISSING for each in unicodedata.normalize("NFC", text))


def missing_in(text: str) -> list[str]:
    """The characters of a text that the font does not hold, in order of their codes."""
    return sorted({each for each in unicodedata.normalize("NFC", text) if ord(each) not in _held()})
