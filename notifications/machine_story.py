"""What happened to a machine itself, told like a service book: bought, moved, sold, a new meter, scrapped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from notifications.names import warranty_name
from notifications.plain import hours_text, plain
from notifications.words import Words
from schedules.hours import text
from schedules.plan import Plan

Details = Mapping[str, Any]


def told(what: str, details: Details, why: str | None, _: Words) -> str:
    """One event of a machine in a sentence; `details` as the store remembers them, `why` as it was given."""
    tellers = {
        "stock_in": _came_into_stock,
        "transfer": _moved,
        "handover": _handed_over,
        "retire": _retired,
        "meter_change": _meter_replaced,
    }
    if what == "correction":
        return _corrected(details, why, _)
    return tellers[what](details, _)


def warranty_over(plan: Plan, _: Words) -> str:
    """What the end of the warranty means (rules 1 and 2)."""
    return _("Warranty over: no more mandatory visits; the user maintains the machine every {every} h.").format(
        every=text(plan.self_service.every_ms)
    )


def _came_into_stock(details: Details, _: Words) -> str:
    inspected = _("inspected at arrival") if details.get("inspected") == "True" else _("not inspected at arrival")
    return _("Came into stock: {facts}.").format(facts=_joined([*_place(details, _), inspected], _))


def _moved(details: Details, _: Words) -> str:
    return _("Moved: {facts}.").format(facts=_joined(_place(details, _), _))


def _place(details: Details, _: Words) -> Iterator[str]:
    if details.get("yard"):
        yield _("yard {yard}").format(yard=plain(details["yard"]))
    if details.get("region"):
        yield _("region {region}").format(region=plain(details["region"]))


def _handed_over(details: Details, _: Words) -> str:
    return _("Handed over to its user: {facts}.").format(facts=_joined(_sale(details, _), _))


def _sale(details: Details, _: Words) -> Iterator[str]:
    if details.get("customer"):
        yield plain(details["customer"])
    yield _("warranty {warranty}").format(warranty=warranty_name(details["warranty"], _))
    if details.get("hours"):
        yield _("{hours} h on the meter").format(hours=plain(details["hours"]))
    if details.get("service_centre"):
        yield _("service centre {service_centre}").format(service_centre=plain(details["service_centre"]))
    if details.get("region"):
        yield _("region {region}").format(region=plain(details["region"]))
    if details.get("last_step_done"):
        yield _("visits up to {step} done before").format(step=plain(details["last_step_done"]))


def _retired(details: Details, _: Words) -> str:
    if details.get("reason"):
        return _("Retired: {reason}.").format(reason=plain(details["reason"]))
    return _("Retired.")


def _meter_replaced(details: Details, _: Words) -> str:
    return _("Hour meter replaced: the old one ended at {old_end} h, the new one began at {new_start} h.").format(
        old_end=hours_text(details["old_end"]), new_start=hours_text(details["new_start"])
    )


def _corrected(details: Details, why: str | None, _: Words) -> str:
    facts = _joined(_corrections(details, _), _)
    return _("Corrected: {facts}, because: {why}.").format(facts=facts, why=plain(why or ""))


def _corrections(details: Details, _: Words) -> Iterator[str]:
    for name, value in details.get("facts", {}).items():
        yield _("{fact} is {value}").format(fact=name, value=plain(str(value)))
    if details.get("was"):
        yield _("the machine number was {number}").format(number=plain(details["was"]))
    undone = {"undo_sale": _("it was not sold"), "undo_retirement": _("it was not retired")}
    yield from (undone[name] for name in details.get("undone", ()))
    for order in details.get("undo_completions", ()):
        yield _("{order} was not done").format(order=plain(order))
    for order, on in details.get("completed_on", {}).items():
        yield _("{order} was done on {day}").format(order=plain(order), day=on)
    yield from _transfers(details, _)


def _transfers(details: Details, _: Words) -> Iterator[str]:
    for on, move in details.get("transfers", {}).items():
        yield _("the move of {day}: {facts}").format(day=on, facts=_move(move))
    for on in details.get("undo_transfers", ()):
        yield _("it was not moved on {day}").format(day=on)
    for move in details.get("missing_transfers", ()):
        yield _("it was moved: {facts}").format(facts=_move(move))


def _move(move: Details) -> str:
    return ", ".join(f"{name} {plain(str(value))}" for name, value in move.items())


def _joined(facts: Iterable[str], _: Words) -> str:
    return _(", ").join(facts) or _("no more is known")
