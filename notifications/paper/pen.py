"""What forms are drawn with, in one size: text, boxes to tick, ruled tables, room to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, black
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from notifications.paper.font import font_name, missing_in, printable
from notifications.paper.text import Text
from notifications.paper.words import FormWords

GREY = Color(0.93, 0.93, 0.93)
RULE = Color(0.35, 0.35, 0.35)
_SIZE = 9.0
_ROW = 5.8 * mm
_CHARS_IN_ROW = 400
_BLANK, _ROOM = "　", "\N{NO-BREAK SPACE}" * 2
_ALIGNMENTS = {"left": TA_LEFT, "centre": TA_CENTER, "right": TA_RIGHT}
FRAME = ("BOX", (0, 0), (-1, -1), 0.9, black)
RULED = (("GRID", (0, 0), (-1, -1), 0.5, RULE), FRAME)
Cells = list[list[Any]]


class Pen:
    """Draws in one size for a page of one width; `scale` 1 is 9 pt."""

    def __init__(self, words: FormWords, width: float, scale: float) -> None:
        self.words = words
        self.width = width
        self.scale = scale
        self.row = _ROW * scale
        self.missing: set[str] = set()

    def text(self, value: object, *, size: float = 1.0, align: str = "left") -> Text:
        """A text that wraps, never wider than its place."""
        line = str(value).replace(_BLANK, _ROOM)
        self.missing.update(missing_in(line))
        points = _SIZE * self.scale * size
        style = ParagraphStyle(
            f"{points}-{align}",
            fontName=font_name(),
            fontSize=points,
            leading=points * 1.22,
            alignment=_ALIGNMENTS[align],  # type: ignore[arg-type]
            wordWrap="CJK",
        )
        return Text(escape(printable(line)), style)

    def long_text(self, heading: str, value: str) -> Table:
        """A text of any length under its heading, in a box that may go on overleaf."""
        pieces = [value[at : at + _CHARS_IN_ROW] for at in range(0, len(value), _CHARS_IN_ROW)]
        return self.table([[self.label(heading)], *([self.text(piece)] for piece in pieces)], [1], [FRAME])

    def label(self, key: str, **values: object) -> Text:
        """Fixed words of the form."""
        return self.text(self.words(key, **values), size=0.92)

    def head(self, key: str) -> Text:
        """The head of a column."""
        return self.text(self.words(f"columns.{key}"), size=0.85, align="centre")

    def gap(self, rows: float = 0.35) -> Flowable:
        """Some room between two parts."""
        return Spacer(self.width, self.row * rows)

    def table(self, cells: Cells, widths: Sequence[float], rules: Sequence[Any] = RULED, **extra: Any) -> Table:  # noqa: ANN401 - reportlab's own
        """A table over the whole width; `widths` are shares, rows are high enough to write in."""
        share = self.width / sum(widths)
        pad = 1.1 * self.scale
        look = [
            ("FONTNAME", (0, 0), (-1, -1), font_name()),
            ("ALIGN", (0, 0), (-1, -1), "CENTER"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 3 * self.scale),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2 * self.scale),
            ("TOPPADDING", (0, 0), (-1, -1), pad),
            ("BOTTOMPADDING", (0, 0), (-1, -1), pad + 0.6),
        ]
        options = {"minRowHeights": [self.row] * len(cells), **extra}
        return Table(cells, [width * share for width in widths], style=[*look, *rules], **options)

    def list(
        self, title: str, heads: Sequence[str], cells: Cells, widths: Sequence[float], rules: Sequence[Any] = ()
    ) -> Table:
        """A table under a title and the names of its columns; both stand again where it goes on overleaf."""
        top: Cells = [[self.text(title, size=0.95), *[""] * (len(widths) - 1)], [self.head(key) for key in heads]]
        look = [("SPAN", (0, 0), (-1, 0)), ("BACKGROUND", (0, 0), (-1, 1), GREY)]
        return self.table([*top, *cells], widths, [*RULED, *look, *rules], repeatRows=2)

    def pairs(self, rows: Sequence[Sequence[tuple[str, object]]], shares: Sequence[float] = (26, 64, 26, 64)) -> Table:
        """Names and what is known of them, two to a row; one alone takes the whole row."""
        cells: Cells = []
        rules: list[Any] = []
        for number, row in enumerate(rows):
            cells.append([cell for name, value in row for cell in (self.label(f"labels.{name}"), self.text(value))])
            if len(row) == 1:
                cells[-1] += [""] * (len(shares) - 2)
                rules.append(("SPAN", (1, number), (-1, number)))
            rules += [("BACKGROUND", (2 * at, number), (2 * at, number), GREY) for at in range(len(row))]
        return self.table(cells, shares, [*RULED, *rules])

    def tick(self, *, ticked: bool = False) -> Flowable:
        """A box to tick."""
        return TickBox(3.2 * mm * self.scale, ticked=ticked)

    def ticks(self, *lines: tuple[str, bool]) -> Table:
        """Statements side by side, each with a box before it."""
        cells = [[cell for key, ticked in lines for cell in (self.tick(ticked=ticked), self.label(f"ticks.{key}"))]]
        return self.table(cells, [7, 180 / len(lines) - 7] * len(lines), [FRAME])


class TickBox(Flowable):
    """A square to tick, in the middle of its cell."""

    def __init__(self, side: float, *, ticked: bool) -> None:
        super().__init__()
        self.hAlign = "CENTER"
        self.width = self.height = side
        self.ticked = ticked

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """It is as large as it is."""
        return self.width, self.height

    def draw(self) -> None:
        """A square, and the tick in it."""
        self.canv.setLineWidth(0.7)
        self.canv.rect(0, 0, self.width, self.height)
        if self.ticked:
            self.canv.setFont(font_name(), self.height * 1.25)
            self.canv.drawCentredString(self.width / 2, self.height * 0.08, "✓")


class Writing(Flowable):
    """A box with a heading and lines to write on; it takes up what a page has left, up to `most`."""

    def __init__(self, pen: Pen, heading: str, least: float, most: float) -> None:
        super().__init__()
        self._pen = pen
        self._heading = pen.text(heading, size=0.92)
        self.width = pen.width
        self.height = least
        self.most = most

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Its height is given."""
        return self.width, self.height

    def draw(self) -> None:
        """The heading at the top left, dotted lines below it."""
        pad, step = 3 * self._pen.scale, 7.5 * mm * self._pen.scale
        _, tall = self._heading.wrap(self.width - 2 * pad, self.height)
        self._heading.drawOn(self.canv, pad, self.height - tall - 2)
        self.canv.setLineWidth(0.9)
        self.canv.rect(0, 0, self.width, self.height)
        self.canv.setLineWidth(0.4)
        self.canv.setDash(1, 2)
        at = self.height - tall - step
        while at > step / 3:
            self.canv.line(pad, at, self.width - pad, at)
            at -= step
        self.canv.setDash()
