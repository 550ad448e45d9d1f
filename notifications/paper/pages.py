"""Puts forms on pages: each as large as one page allows, on several only where the smallest size does not fit."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from notifications.paper.font import font_name, printable
from notifications.paper.pen import Pen, Writing
from notifications.paper.words import FormWords

_LEFT, _RIGHT, _TOP, _BOTTOM = 20 * mm, 12 * mm, 12 * mm, 14 * mm
_WIDTH, _HEIGHT = A4[0] - _LEFT - _RIGHT, A4[1] - _TOP - _BOTTOM
_SCALES = (1.2, 1.1, 1.0, 0.95, 0.9, 0.85, 0.8, 0.76, 0.72, 0.68)
_FOOT_SIZE = 7.5
_Page = list[Flowable]
Progress = Callable[[int, int], None]
"""Called with how many forms are printed, and how many there are."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form: `parts` draws it from top to bottom, `foot` stands below on each of its pages."""

    parts: Callable[[Pen], Sequence[Flowable]]
    foot: str


def pdf_of(sheets: Sequence[Sheet], words: FormWords, title: str, progress: Progress) -> bytes:
    """A PDF of forms, each beginning on a page of its own; the same forms give the same bytes."""
    file = BytesIO()
    font: Any = font_name()
    canvas = Canvas(file, pagesize=A4, invariant=1, lang=words.locale, initialFontName=font)
    canvas.setTitle(title)
    canvas.setCreator("hourkeeper")
    for done, sheet in enumerate(sheets):
        progress(done, len(sheets))
        _print(canvas, sheet, words)
    canvas.save()
    return file.getvalue()


def _print(canvas: Canvas, sheet: Sheet, words: FormWords) -> None:
    pen, pages = _fitted(sheet, words)
    for number, page in enumerate(pages, start=1):
        top = A4[1] - _TOP
        for part in page:
            _, tall = part.wrap(_WIDTH, top)
            part.drawOn(canvas, _LEFT, top - tall)
            top -= tall
        _foot(canvas, sheet, pen, words("notes.page", page=number, pages=len(pages)))
        canvas.showPage()


def _fitted(sheet: Sheet, words: FormWords) -> tuple[Pen, list[_Page]]:
    """The largest size at which a form is one page; the smallest, on several, if there is none."""
    tried: dict[int, tuple[Pen, list[_Page]]] = {}

    def is_one_page(number: int) -> bool:
        pen = Pen(words, _WIDTH, _SCALES[number])
        tried[number] = pen, _pages(sheet.parts(pen))
        return len(tried[number][1]) == 1

    largest = bisect_left(range(len(_SCALES) - 1), x=True, key=is_one_page)
    if largest not in tried:
        is_one_page(largest)
    pen, pages = tried[largest]
    if len(pages) == 1:
        _fill(pages[0])
    return pen, pages


def _pages(parts: Sequence[Flowable]) -> list[_Page]:
    pages: list[_Page] = [[]]
    left, queue = _HEIGHT, deque(parts)
    while queue:
        part = queue.popleft()
        _, tall = part.wrap(_WIDTH, left)
        pieces = [] if tall <= left else part.split(_WIDTH, left)
        if tall <= left or (not pieces and not pages[-1]):
            pages[-1].append(part)
            left -= tall
        elif len(pieces) > 1:
            queue.extendleft(reversed(pieces))
        else:
            pages.append([])
            left = _HEIGHT
            queue.appendleft(part)
    return pages


def _fill(page: _Page) -> None:
    """What is left of a page is room to write."""
    left = _HEIGHT - sum(part.wrap(_WIDTH, _HEIGHT)[1] for part in page)
    boxes = [part for part in page if isinstance(part, Writing)]
    for box in boxes:
        box.height = min(box.most, box.height + left / len(boxes))


def _foot(canvas: Canvas, sheet: Sheet, pen: Pen, page: str) -> None:
    _line(canvas, printable(sheet.foot), _BOTTOM - 5 * mm, _WIDTH - 30 * mm)
    canvas.setFont(font_name(), _FOOT_SIZE)
    canvas.drawRightString(A4[0] - _RIGHT, _BOTTOM - 5 * mm, page)
    if pen.missing:
        codes = ", ".join(f"U+{ord(each):04X}" for each in sorted(pen.missing))
        _line(canvas, pen.words("notes.missing", codes=codes), _BOTTOM - 8.5 * mm, _WIDTH)


def _line(canvas: Canvas, text: str, height: float, width: float) -> None:
    """One line, as small as it must be to fit."""
    size = min(_FOOT_SIZE, _FOOT_SIZE * width / max(1, stringWidth(text, font_name(), _FOOT_SIZE)))
    canvas.setFont(font_name(), size)
    canvas.drawString(_LEFT, height, text)
