"""Names and hours from outside, made fit to stand in a line of a letter."""

from __future__ import annotations

import re
import unicodedata

_TURN_TEXT_AROUND = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def plain(value: str, most: int = 200) -> str:
    """One line of at most `most` characters, without control characters, surrogates and direction marks."""
    kept = "".join(" " if _is_unprintable(each) else each for each in value)
    line = re.sub(r"\s+", " ", kept).strip()
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _is_unprintable(character: str) -> bool:
    return character in _TURN_TEXT_AROUND or unicodedata.category(character) in _UNPRINTABLE


def hours_text(hours: float | None) -> str:
    """Engine hours without trailing zeros, at most 3 decimals; blank if not known."""
    if hours is None:
        return ""
    text = f"{hours:.3f}"
    return text.rstrip("0").rstrip(".")
