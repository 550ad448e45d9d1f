"""A letter as the templates see it: plain dictionaries of texts and numbers, nothing that can be called.

A text that is not known is blank, a number that is not known is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from notifications.letter import Addressee, FindingFacts, Letter, OrderFacts
from notifications.link import Proof, code_name, order_address
from notifications.names import region_in
from notifications.occasions import INVITING, Role, roles_of
from notifications.plain import hours_text, plain
from notifications.words import words_in
from notifications.work_view import ItemsOf, work_lists
from schedules.work_order import State

_SHOWN_IN_FULL = 50
_SHOWN_AT_ALL = 2000
_NAMED_IN_SUBJECT = 3
_FAR_AWAY = date.max
_MOST_IN_PLACE = 40
_MOST_IN_REASON = 400
View = dict[str, Any]


def view_of(letter: Letter, locale: str, items_of: ItemsOf, page: str, proof: Proof | None = None) -> View:
    """Everything a template may say; the most urgent orders first, fifty in full, some thousand in a line, the others
    counted.
    """
    orders = sorted(letter.orders, key=_urgency)
    seen = [
        {
            **order_view(letter, order, locale),
            "link": order_address(page, order, letter.addressee, proof),
            "code": code_name(order, len(orders)),
        }
        for order in orders
    ]
    return {
        "locale": locale,
        "occasion": letter.occasion.value,
        "role": letter.addressee.role.value,
        "to": _addressee(letter.addressee),
        "page": page,
        "summary": _summary(seen) if seen else _summary_of_findings(letter.findings),
        "orders": seen[:_SHOWN_IN_FULL],
        "rest": seen[_SHOWN_IN_FULL:_SHOWN_AT_ALL],
        "more": max(0, len(seen) - _SHOWN_AT_ALL) + max(0, len(letter.findings) - _SHOWN_AT_ALL),
        "findings": [_finding(each) for each in letter.findings[:_SHOWN_AT_ALL]],
        "lists": work_lists(letter, items_of, locale),
    }


def _urgency(order: OrderFacts) -> tuple[int, date, str, float, str]:
    when = order.due_on or order.projected_due_on or _FAR_AWAY
    return (-(order.late_days or 0), when, order.machine_id, order.threshold_hours or 0, order.step)


def _addressee(addressee: Addressee) -> View:
    return {"name": plain(addressee.name), "phone": plain(addressee.phone or "")}


def order_view(letter: Letter, order: OrderFacts, locale: str) -> View:
    """One order in texts and numbers, as read in one language."""
    season, _, frost_region = order.step.partition("@")
    return {
        **texts_of(order),
        **_dates(order),
        **_agreed(letter, order),
        "season": plain(season),
        "frost_region": plain(frost_region),
        "late_days": order.late_days or 0,
        "is_assumed": int(order.projected_is_assumed),
        "is_approximate": int(order.is_approximate),
        "please_call": int(_must_be_called(letter, order)),
        "where": _where(letter.addressee.role, order, locale),
        "region": region_in(order.region, order.region_name, locale),
        # Chinese sentences follow each other without a blank.
        "why": ("" if locale.startswith("zh") else " ").join(plain(each, _MOST_IN_REASON) for each in order.why),
    }


def _agreed(letter: Letter, order: OrderFacts) -> View:
    """The agreed day; where the letter is about it, it is the day that counts."""
    agreed = _date_text(order.scheduled_for)
    if letter.occasion in INVITING:
        return {"scheduled_for": agreed, "when": agreed, "is_agreed": 1, "is_estimate": 0}
    return {"scheduled_for": agreed, "is_agreed": 0, "is_estimate": int(is_estimate(order))}


def texts_of(order: OrderFacts) -> View:
    """What is known of an order, as texts."""
    return {
        "machine_id": plain(order.machine_id),
        "model": plain(order.model or ""),
        "category": order.category.value,
        "kind": order.kind.value,
        "step": plain(order.step),
        "state": order.state.value,
        "cause": order.cause.value if order.cause else "",
        "total_hours": hours_text(order.total_hours),
        "threshold_hours": hours_text(order.threshold_hours),
        "customer": plain(order.customer or ""),
        "customer_phone": plain(order.customer_phone or ""),
        "service_centre": plain(order.service_centre_name or order.service_centre or ""),
        "service_centre_phone": plain(order.service_centre_phone or ""),
        "region": plain(order.region or ""),
        "yard": plain(order.yard or ""),
        "plan_version": plain(order.plan_version),
    }


def _dates(order: OrderFacts) -> dict[str, str]:
    estimate = order.projected_due_on if is_estimate(order) else None
    return {
        "opens_on": _date_text(order.opens_on),
        "due_on": _date_text(order.due_on),
        "overdue_on": _date_text(order.overdue_on),
        "projected_due_on": _date_text(estimate),
        "when": _date_text(order.sent_by or estimate or order.due_on),
        "closed_on": _date_text(order.closed_on),
        "sent_by": _date_text(order.sent_by),
    }


def is_estimate(order: OrderFacts) -> bool:
    """Whether the day is a guess: the order is not due yet, and the hours are expected to come first."""
    projected = order.projected_due_on
    return order.state is State.UPCOMING and projected is not None and projected != order.due_on


def _must_be_called(letter: Letter, order: OrderFacts) -> bool:
    """A customer without an address is reached through the centre's letter (rules 8)."""
    to_centre = letter.addressee.role is Role.SERVICE_CENTRE
    return to_centre and not order.customer_reachable and Role.CUSTOMER in roles_of(letter.occasion)


def _where(role: Role, order: OrderFacts, locale: str) -> str:
    """Where the machine is to be found, as the reader knows it: whose it is, and in which region."""
    centre = order.service_centre_name or order.service_centre
    places = {
        Role.SERVICE_CENTRE: (order.customer,),
        Role.CUSTOMER: (centre,),
        Role.MANAGER: (centre, order.yard),
        Role.YARD: (order.yard,),
    }
    first = plain(next((place for place in places[role] if place), ""), _MOST_IN_PLACE)
    region = region_in(order.region, order.region_name, locale)
    return words_in(locale)(", ").join(place for place in (first, region) if place)


def _summary(orders: Sequence[View]) -> View:
    machines = list(dict.fromkeys(order["machine_id"] for order in orders))
    first: View = min(orders, key=lambda order: order["when"] or "9999", default={})
    return {
        "machines": machines[:_NAMED_IN_SUBJECT],
        "machine_count": len(machines),
        "order_count": len(orders),
        "model": _common(orders, "model"),
        "where": _common(orders, "where"),
        "kind": first.get("kind", ""),
        "steps": _steps(orders),
        "when": first.get("when", ""),
        "is_estimate": first.get("is_estimate", 0),
        "is_agreed": first.get("is_agreed", 0),
        "late_days": max((order["late_days"] for order in orders), default=0),
        "please_call": max((order["please_call"] for order in orders), default=0),
        "several_steps": int(_several_steps(orders)),
        "centre": _common(orders, "service_centre"),
    }


def _finding(finding: FindingFacts) -> View:
    """One finding in texts and numbers."""
    return {
        "machine_id": plain(finding.machine_id),
        "model": plain(finding.model or ""),
        "category": finding.category.value,
        "since": _date_text(finding.since),
        "least_hours": hours_text(finding.least_hours),
        "most_hours": hours_text(finding.most_hours),
        "total_hours": hours_text(finding.total_hours),
        "customer": plain(finding.customer or ""),
        "customer_phone": plain(finding.customer_phone or ""),
        "service_centre": plain(finding.service_centre_name or finding.service_centre or ""),
        "service_centre_phone": plain(finding.service_centre_phone or ""),
        "region": plain(finding.region or ""),
    }


def _summary_of_findings(findings: Sequence[FindingFacts]) -> View:
    seen = [_finding(each) for each in findings]
    return {
        **_summary([]),
        "machines": [each["machine_id"] for each in seen[:_NAMED_IN_SUBJECT]],
        "machine_count": len(seen),
        "model": _common(seen, "model"),
        "centre": _common(seen, "service_centre"),
    }


def _common(orders: Sequence[View], key: str) -> str:
    values = {order[key] for order in orders}
    return str(values.pop()) if len(values) == 1 else ""


def _steps(orders: Sequence[View]) -> list[str]:
    """Steps as people name them, in order: their hours, or their month or season."""
    names = {str(order["threshold_hours"] or order["season"]) for order in orders}
    return sorted(names, key=lambda name: (len(name.partition(".")[0]), name))


def _several_steps(orders: Sequence[View]) -> bool:
    return len({(order["machine_id"], order["kind"]) for order in orders}) < len(orders)


def _date_text(day: date | None) -> str:
    return "" if day is None else day.isoformat()
