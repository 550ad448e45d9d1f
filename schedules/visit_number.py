"""The running number of a mandatory visit: gap-free per service centre and year of the visit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisitNumber:
    """The `number`th visit of a year; machines without a service centre ("") have a series of their own."""

    service_centre: str
    year: int
    number: int

    def __str__(self) -> str:
        """As forms and lists show it: `JN-2026-0001`, and `2026-0001` without a service centre."""
        series = f"{self.service_centre}-" if self.service_centre else ""
        return f"{series}{self.year}-{self.number:04d}"
