"""Text that wraps as both languages want it: words whole, Chinese anywhere but before or after certain signs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Paragraph

_NOT_LAST = re.escape("（【《〈「『“‘([{")
_NOT_FIRST = re.escape("，。、；：！？）】》〉」』”’…％℃,.;:!?)]}%")
_WIDE = r"\u2e80-\uffef"
_PIECE = re.compile(rf"[{_NOT_LAST}]*(?:[^\s{_WIDE}{_NOT_LAST}]+|\S)[{_NOT_FIRST}]*(?: [℃%])?[ \t]*|\s+")


class Text(Paragraph):
    """A paragraph of one style."""

    def breakLinesCJK(self, maxWidths: Any) -> Any:  # noqa: N802, N803, ANN401 - reportlab's names and kinds
        """Lines for the widths that are given."""
        if not self.frags:
            return super().breakLinesCJK(maxWidths)
        style = self.frags[0]
        widths = maxWidths if isinstance(maxWidths, Sequence) else [maxWidths]
        text = "".join(frag.text for frag in self.frags)
        lines = list(broken(text, min(widths), style.fontName, style.fontSize))
        spaced = [(min(widths) - stringWidth(line, style.fontName, style.fontSize), [line]) for line in lines]
        return style.clone(kind=0, lines=spaced, ascent=style.fontSize, descent=-0.2 * style.fontSize)


def broken(text: str, width: float, font: str, size: float) -> Iterator[str]:
    """The lines of a text, each no wider than `width`; what is wider by itself is cut."""
    line = ""
    for piece in _pieces(text, width, font, size):
        if line and stringWidth((line + piece).rstrip(" "), font, size) > width:
            yield line.rstrip(" ")
            line = ""
        line += piece
    yield line.rstrip(" ")


def _pieces(text: str, width: float, font: str, size: float) -> Iterator[str]:
    for match in _PIECE.finditer(text):
        piece = match.group()
        if stringWidth(piece.rstrip(" "), font, size) > width:
            yield from piece
        else:
            yield piece
