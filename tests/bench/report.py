"""Prints measures as tables; a summary that a README can quote gathers their most telling lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Report:
    """What was found, in the order of finding."""

    summary: list[tuple[str, str, str]] = field(default_factory=list)

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table; numbers stand to the right."""
        print(f"\n{title}")
        print(_table(head, [[_cell(value) for value in row] for row in rows]), flush=True)

    def note(self, measure: str, found: str, wanted: str = "") -> None:
        """A line of the summary, with the bound or goal there is."""
        self.summary.append((measure, found, wanted))

    def end(self, where: str) -> None:
        """Print the summary as Markdown."""
        print(f"\n{where}\n\n| measure | found | wanted |\n|---|---:|---:|")
        for line in self.summary:
            print("| " + " | ".join(line) + " |")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return "\n".join("  " + "  ".join(_padded(row, widths)) for row in [head, *rows])


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
