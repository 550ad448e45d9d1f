"""What proves that the work was done (rules 6: S5, M2, M3, K1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from schedules.work_order import Kind


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was handed in; a field that was left out is None, blank text counts as left out.

    `hours` the meter as text, `items` the work items with their results, `has_date` and `has_hours` say whether
    the visit's date and meter hours were given at all.
    """

    technician: str | None = None
    signed_by: str | None = None
    genuine_oils: bool | None = None
    items: tuple[str, ...] | None = None
    findings: str | None = None
    service_record_no: str | None = None
    nothing_removed: bool | None = None
    winter_items: bool | None = None
    has_date: bool = True
    has_hours: bool = True


def trimmed(form: Form) -> Form:
    """The form without the blanks around its texts; a text of blanks alone was left out."""
    return replace(
        form,
        technician=_text(form.technician),
        signed_by=_text(form.signed_by),
        findings=_text(form.findings),
        service_record_no=_text(form.service_record_no),
    )


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None


def missing(kind: Kind, form: Form, *, in_winter: bool) -> tuple[str, ...]:
    """The fields that are missing for an order of this kind; `in_winter`: dated inside the region's window."""
    return tuple(_missing(kind, form, in_winter=in_winter))


def _missing(kind: Kind, form: Form, *, in_winter: bool) -> Iterator[str]:
    if not form.has_date:
        yield "done_at"
    if kind is Kind.MANDATORY_VISIT:
        yield from _missing_of_visit(form)
    elif kind is Kind.STOCK_UPKEEP:
        yield from _missing_of_stock(form, in_winter=in_winter)
    elif kind is Kind.FREEZE_PROTECTION:
        yield from _blank(form, "technician", "signed_by")
    else:
        yield from _nobody(form)
    if kind is not Kind.SELF_SERVICE and _is_given(form.findings) and not _is_given(form.service_record_no):
        yield "service_record_no"


def _missing_of_visit(form: Form) -> Iterator[str]:
    if not form.has_hours:
        yield "hours"
    yield from _blank(form, "technician", "signed_by")
    if form.genuine_oils is not True:
        yield "genuine_oils"
    if not any(_is_given(item) for item in form.items or ()):
        yield "items"


def _missing_of_stock(form: Form, *, in_winter: bool) -> Iterator[str]:
    yield from _nobody(form)
    if not any(_is_given(item) for item in form.items or ()):
        yield "items"
    if form.nothing_removed is not True:
        yield "nothing_removed"
    if in_winter and form.winter_items is not True:
        yield "winter_items"


def _nobody(form: Form) -> Iterator[str]:
    if not _is_given(form.technician) and not _is_given(form.signed_by):
        yield "technician"


def _blank(form: Form, *names: str) -> Iterator[str]:
    for name in names:
        if not _is_given(getattr(form, name)):
            yield name


def _is_given(value: str | None) -> bool:
    return value is not None and bool(value.strip())
