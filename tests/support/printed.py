"""A PDF as a reader sees it: its pages, their text, where each character stands, and what is ink."""

from __future__ import annotations

import re
from ctypes import create_string_buffer
from dataclasses import dataclass
from typing import Any

import pypdfium2
from pypdfium2 import raw

A4 = (595, 842)
_INK = 200
_SCALE = 2


@dataclass(frozen=True)
class Printed:
    """What is printed; text without blanks, as lines end where the room ends."""

    content: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - it ships no types
        return pypdfium2.PdfDocument(self.content)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        return [(round(width), round(height)) for width, height in (page.get_size() for page in self.document)]

    @property
    def pages(self) -> list[str]:
        return [squeezed(page.get_textpage().get_text_range()) for page in self.document]

    @property
    def fonts(self) -> set[tuple[str, bool]]:
        """The fonts of all text, each with whether it is embedded."""
        found = set()
        for page in self.document:
            for text in page.get_objects([raw.FPDF_PAGEOBJ_TEXT]):
                font = raw.FPDFTextObj_GetFont(text)
                name = _read(lambda buffer, size, font=font: raw.FPDFFont_GetBaseFontName(font, buffer, size))
                found.add((name, bool(raw.FPDFFont_GetIsEmbedded(font))))
        return found

    def places(self, page: int, words: str) -> list[tuple[float, float, float, float]]:
        """The boxes (left, bottom, right, top, in points) of the characters of these words where they stand first."""
        text = self.document[page].get_textpage()
        characters = [(text.get_text_range(at, 1), at) for at in range(text.count_chars())]
        kept = [(each, at) for each, at in characters if each.strip()]
        start = "".join(each for each, _ in kept).index(squeezed(words))
        return [text.get_charbox(at) for _, at in kept[start : start + len(squeezed(words))]]

    def ink(self, page: int) -> tuple[int, int, int, int]:
        """The smallest box (left, top, right, bottom, in points from the top left) that holds all ink of a page."""
        picture = self.document[page].render(scale=_SCALE, grayscale=True).to_pil()
        left, top, right, bottom = picture.point(lambda shade: 255 if shade < _INK else 0).getbbox()
        return left // _SCALE, top // _SCALE, right // _SCALE, bottom // _SCALE


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _read(ask: Any) -> str:  # noqa: ANN401 - a call of the library
    buffer = create_string_buffer(ask(None, 0))
    ask(buffer, len(buffer))
    return buffer.value.decode()
