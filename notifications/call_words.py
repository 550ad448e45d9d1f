"""What to say in a call, in the caller's language."""

from __future__ import annotations

from notifications.names import order_name
from notifications.words import Words
from schedules.call_list import Ask, Subject, Topic


def what_to_say(topic: Topic, subject: Subject, _: Words) -> str:
    """One topic of a call in a sentence."""
    order = topic.order
    if order is None:
        sentence = _("Silent, found on {since}: ask what the hour meter shows, and where the machine works.")
        return sentence.format(since=subject.unheard_since)
    sentences = {
        Ask.CONFIRM: _("{order}: confirm the visit agreed for {agreed}."),
        Ask.OVERDUE: _("{order} is {late} days late: agree a day, and say that the warranty asks for it."),
        Ask.AGREED_DAY_PASSED: _("{order} was agreed for {agreed} and is not reported: ask, and agree another day."),
        Ask.DUE: _("{order} is due since {day}: agree a day."),
        Ask.UPCOMING: _("{order} is due on {day}: agree a day."),
        Ask.TELL: _("{order} is due since {day}: say so, there is no e-mail address."),
    }
    sentence = sentences[topic.ask]
    if topic.ask is Ask.UPCOMING and order.is_estimate:
        sentence = _("{order} is probably due on {day}: agree a day.")
    name = order_name(order.kind, order.step, _)
    return sentence.format(order=name, agreed=order.scheduled_for, late=order.late_days, day=order.expected_on)
