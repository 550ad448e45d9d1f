"""A week's digest in the reader's language: the sections of the mail, and the sheets of the table that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from notifications.digest import Digest, DigestFinding, DigestOrder, Place, Rates
from notifications.field_names import field_name, field_value
from notifications.names import order_name
from notifications.plain import plain
from notifications.words import Words
from notifications.workbook import Cell, Share, Sheet
from schedules.compliance import Tally
from schedules.finding import FindingKind

_IN_MAIL = 20
View = dict[str, Any]


def subject(digest: Digest, _: Words) -> str:
    """The line that says whether it is worth opening."""
    return _("Week of {day}: {overdue} overdue, {ahead} due, {silent} silent").format(
        day=digest.on, overdue=digest.overdue_count, ahead=digest.ahead_count, silent=len(digest.unheard)
    )


def sections(digest: Digest, _: Words) -> list[View]:
    """What the mail shows; of long lists the first twenty rows, each a heading and a line of details."""
    return [
        _section(_("Overdue"), digest.overdue, digest.overdue_count, _overdue_row, _, is_bad=True),
        _section(_("Due until {day}").format(day=digest.until), digest.ahead, digest.ahead_count, _ahead_row, _),
        _section(_("Done on time"), _rates_first(digest), len(digest.rates) + 1, _rates_row, _),
        _section(_("Not heard of"), digest.unheard, len(digest.unheard), _finding_row, _),
        _section(_("Meters that need a decision"), digest.undecided, len(digest.undecided), _finding_row, _),
    ]


def _section(
    title: str,
    rows: Sequence[Any],
    count: int,
    row: Callable[[Any, Words], tuple[str, str]],
    _: Words,
    *,
    is_bad: bool = False,
) -> View:
    shown = [dict(zip(("heading", "details"), row(each, _), strict=True)) for each in rows[:_IN_MAIL]]
    left = count - len(shown)
    return {
        "title": f"{title} ({count})" if row is not _rates_row else title,
        "rows": shown,
        "none": _("None."),
        "more": _("… and {count} more in the attached table").format(count=left) if left else "",
        "is_bad": int(is_bad),
    }


def _overdue_row(order: DigestOrder, _: Words) -> tuple[str, str]:
    late = _("{days} days late").format(days=order.late_days)
    noticed = _("acknowledged") if order.acknowledged else _("nobody has acknowledged it")
    return _heading(order, _), _line([late, noticed, *_agreed(order, _), *_who(order.place, _)])


def _ahead_row(order: DigestOrder, _: Words) -> tuple[str, str]:
    due = _("probably due on {day}") if order.is_estimate else _("due on {day}")
    return _heading(order, _), _line([due.format(day=order.due_on), *_agreed(order, _), *_who(order.place, _)])


def _agreed(order: DigestOrder, _: Words) -> Iterator[str]:
    if order.scheduled_for is not None:
        yield _("agreed for {day}").format(day=order.scheduled_for)


def _heading(order: DigestOrder, _: Words) -> str:
    return _line([_machine(order.place), order_name(order.kind, order.step, _)])


def _machine(place: Place) -> str:
    return " ".join(plain(part) for part in (place.machine_id, place.model) if part)


def _who(place: Place, _: Words) -> Iterator[str]:
    """Whom to ask: the centre, or the yard of an unsold machine; then the user."""
    centre = place.service_centre_name or place.service_centre
    for name, phone in ((centre or place.yard, place.service_centre_phone), (place.customer, place.customer_phone)):
        yield " ".join(plain(part) for part in (name, phone) if part)


def _line(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def _rates_first(digest: Digest) -> tuple[Rates, ...]:
    return (digest.all_rates, *digest.rates)


def _rates_row(rates: Rates, _: Words) -> tuple[str, str]:
    name = _("All service centres") if rates.service_centre is None else plain(rates.service_centre)
    month, quarter = _rate(rates.month, _), _rate(rates.quarter, _)
    return name, _line([_("this month {rate}").format(rate=month), _("last quarter {rate}").format(rate=quarter)])


def _rate(tally: Tally, _: Words) -> str:
    if tally.compliance is None:
        return _("nothing yet")
    counted = tally.done_on_time + tally.done_late + tally.missed
    return _("{percent} % ({done} of {all})").format(
        percent=f"{tally.compliance * 100:.1f}".removesuffix(".0"), done=tally.done_on_time, all=counted
    )


def _finding_row(found: DigestFinding, _: Words) -> tuple[str, str]:
    sentences = {
        FindingKind.SILENT: _("silent since {day}"),
        FindingKind.NEVER_REPORTED: _("never heard of, found on {day}"),
    }
    said = sentences.get(found.kind, _("refused readings agree among themselves since {day}"))
    return _machine(found.place), _line([said.format(day=found.since), *_who(found.place, _)])


_PLACE_FIELDS = (
    "machine_id",
    "model",
    "category",
    "region",
    "yard",
    "service_centre",
    "customer",
    "customer_phone",
)


def sheets(digest: Digest, _: Words) -> list[Sheet]:
    """The whole of it, a sheet for each list."""
    orders = (*_PLACE_FIELDS, "kind", "step", "state", "due_on", "late_days", "total_hours", "scheduled_for")
    names = [field_name(name, _) for name in orders]
    findings = [*(field_name(name, _) for name in _PLACE_FIELDS), field_name("what", _), _("since")]
    return [
        Sheet(_("Overdue"), [*names, _("acknowledged")], [_overdue_cells(each, _) for each in digest.overdue]),
        Sheet(_("Due"), [*names, _("estimate")], [_ahead_cells(each, _) for each in digest.ahead]),
        Sheet(_("Done on time"), _rate_names(_), [_rates_cells(each, _) for each in _rates_first(digest)]),
        Sheet(_("Not heard of"), findings, [_finding_cells(each, _) for each in digest.unheard]),
        Sheet(_("Meters to decide"), findings, [_finding_cells(each, _) for each in digest.undecided]),
    ]


def _place_cells(place: Place, _: Words) -> list[Cell]:
    values = [(name, getattr(place, name)) for name in _PLACE_FIELDS]
    return [_shown(name, str(value) if value is not None else None, _) for name, value in values]


def _shown(name: str, value: str | None, _: Words) -> str | None:
    return None if value is None else str(field_value(name, value, _))


def _order_cells(order: DigestOrder, _: Words) -> list[Cell]:
    state = None if order.state is None else order.state.value
    kind, agreed = _shown("kind", order.kind.value, _), order.scheduled_for
    about: list[Cell] = [kind, order.step, _shown("state", state, _), order.due_on, order.late_days]
    return [*_place_cells(order.place, _), *about, order.total_hours, agreed]


def _overdue_cells(order: DigestOrder, _: Words) -> list[Cell]:
    return [*_order_cells(order, _), _("yes") if order.acknowledged else _("no")]


def _ahead_cells(order: DigestOrder, _: Words) -> list[Cell]:
    return [*_order_cells(order, _), _("yes") if order.is_estimate else _("no")]


def _finding_cells(found: DigestFinding, _: Words) -> list[Cell]:
    words = {
        FindingKind.SILENT: _("silent"),
        FindingKind.NEVER_REPORTED: _("never heard of"),
    }
    return [*_place_cells(found.place, _), words.get(found.kind, _("meter needs a decision")), found.since]


def _rate_names(_: Words) -> list[str]:
    counts = [_("on time"), _("done late"), _("missed"), _("share on time")]
    return [
        field_name("service_centre", _),
        *(_("{count}, this month").format(count=count) for count in counts),
        *(_("{count}, last quarter").format(count=count) for count in counts),
    ]


def _rates_cells(rates: Rates, _: Words) -> list[Cell]:
    return [rates.service_centre or _("All service centres"), *_tally_cells(rates.month), *_tally_cells(rates.quarter)]


def _tally_cells(tally: Tally) -> list[Cell]:
    share = None if tally.compliance is None else Share(tally.compliance)
    return [tally.done_on_time, tally.done_late, tally.missed, share]
