"""Why something was refused, in the reader's language: reasons are kept and answered in English, as they were given.

Each sentence stands here as it is written where it is given; a test compares the two.
"""

from __future__ import annotations

import re
from functools import cache

from notifications.field_names import FIELD_NAMES, field_name
from notifications.names import state_name, verdict_name
from notifications.words import Words
from schedules.reading import Verdict
from schedules.work_order import State

_FIELD = re.compile(r"(\w+): (.+)", re.DOTALL)
_VERDICT = re.compile(rf"(.+) \(({'|'.join(verdict.value for verdict in Verdict)})\)", re.DOTALL)


def said(reason: str, _: Words) -> str:
    """A reason in the language of the words; one that is not known, as it is."""
    by_verdict, by_field = _VERDICT.fullmatch(reason), _FIELD.fullmatch(reason)
    if by_verdict is not None:
        return f"{said(by_verdict[1], _)} ({verdict_name(Verdict(by_verdict[2]), _)})"
    if by_field is not None and by_field[1].replace("_", " ") in FIELD_NAMES:
        return f"{field_name(by_field[1], _)}: {said(by_field[2], _)}"
    return _whole(reason, _)


def _whole(reason: str, _: Words) -> str:
    for pattern, sentence in zip(_patterns(), _sentences(_), strict=True):
        found = pattern.fullmatch(reason)
        if found is not None:
            return sentence.format(**{name: _value(name, text, _) for name, text in found.groupdict().items()})
    return reason


def _value(name: str, text: str, _: Words) -> str:
    """What stands in a sentence; states and verdicts have names of their own."""
    if name == "state" and text in set(State):
        return state_name(State(text), _)
    if name == "verdict" and text in set(Verdict):
        return verdict_name(Verdict(text), _)
    return said(text, _) if name == "reason" else text


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_pattern(each), re.DOTALL) for each in _sentences(str))


def _pattern(sentence: str) -> str:
    parts = re.split(r"\{(\w+)\}", sentence)
    return "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))


def _sentences(_: Words) -> tuple[str, ...]:
    return (
        *_of_orders(_),
        *_of_meters(_),
        *_of_messages(_),
        *_of_people(_),
        *_of_access(_),
        *_of_duties(_),
    )


def _of_orders(_: Words) -> tuple[str, ...]:
    return (
        _("the order is {state} since {on}; only an open one is cancelled"),
        _("the order is {state} since {on}"),
        _("there is no such work order: its window has not opened"),
        _("{machine} has no work order {order}: its window has not opened, or it has no such step"),
        _("{on} is before the order's window opened on {opened}"),
        _("{on} is in the future"),
        _("{on} is past"),
        _("{on} is not between the visit on {done} and today"),
        _("{on} is before the hand-over on {sold}"),
        _("{text} is no date YYYY-MM-DD"),
        _("only a mandatory visit that is done has a form to send; this order is {state}"),
        _("{number} of {centre} is already the record of {order}"),
        _("there is nothing to print: the order was cancelled on {on}"),
        _("the order was taken in by a later step on {on}; print the form of step {step}"),
        _("an order keeps at most {most} pictures"),
        _("this is no picture that can be read (JPEG, PNG or WebP)"),
        _("reason is missing"),
        _("yard {yard} has no open sheet for {month}"),
    )


def _of_meters(_: Words) -> tuple[str, ...]:
    return (
        _("a first reading of {total} h; at most {most} h is plausible"),
        _("{total} h is below the last total of {last} h"),
        _("{gained} h more than the last total in {elapsed} h"),
        _("{total} h is below the {before} h of an earlier reading"),
        _("{total} h is above the {after} h of a later reading"),
        _("more than {most} h"),
        _("hours not available: {value}"),
        _("hours must be a number, got {kind}"),
        _("hours must read HHHHH:MM:SS"),
        _("the meter sent its 'not available' value {value}"),
        _("{value} is no engine time"),
        _("{value} is no number of hours"),
        _("{hours} h cannot be: {reason}"),
        _("changed_at is in the future"),
        _("a meter change at {at} is already recorded"),
        _("accepted readings after the change stand in its way: {named}; void them first if they are wrong"),
        _("reading {number} is {verdict}; only a refused reading (rollback, jump, inconsistent) is accepted"),
        _("reading {number} is {verdict}; there is nothing to void"),
        _("there is no reading {number}"),
        _("its total is below the present one: record a meter change, or void the readings that are too high"),
        _("why is missing: a decision on a reading has a reason in words"),
        _("missing: why; a decision has a reason"),
        _("missing: {fields}"),
        _("meanwhile the machine has changed, and something else would come of it: look again"),
        _("{step} is none of {steps}, or has no date"),
    )


def _of_messages(_: Words) -> tuple[str, ...]:
    return (
        _("{reason} ({number} such entries in one message)"),
        _("topic and payload name different machines"),
        _("no machine number of 1 to 64 characters A-Z a-z 0-9 . _ -"),
        _("no hours in the message"),
        _("no time since 1970"),
        _("no twelve digits"),
        _("{number} bytes; the hours are the bytes {first} to before {end}"),
        _("the hours are no bytes in {written}"),
        _("metrics by aliases whose names are not known: the edge node is asked for its birth"),
        _("no Sparkplug B payload: {what}"),
        _("the topic is not UTF-8"),
        _("the topic belongs to no configured source"),
        _("the same key stands twice in one object"),
        _("a payload of {size} bytes; at most {most} are read"),
        _("nested too deeply"),
        _("not UTF-8: {what}"),
        _("not JSON: {what}"),
        _("an empty payload"),
    )


def _of_people(_: Words) -> tuple[str, ...]:
    return (
        _("a name has 1 to {most} characters that can be printed"),
        _("a password has {least} to {most} characters"),
        _("there is a manager already: let them invite you"),
        _("this link was used already, or is too old; ask for another one"),
        _("{name} is the last manager who can log in: invite another one first"),
        _("{name} is there already: let a manager invite you"),
        _("{name} is there already"),
        _("there is nobody called {name}"),
        _("there is no token {number} that still holds"),
        _("the role link belongs to the links of notices alone"),
        _("the role {role} needs the code of its {place}"),
        _("the role {role} has no {place}"),
    )


def _of_access(_: Words) -> tuple[str, ...]:
    return (
        _("{what} is not there, or not yours"),
        _("this is not for the role {role}"),
        _("{action} is not for {whom}"),
        _("a link opens its own work order only"),
        _("{name} is not yours"),
        _("the store cannot be used just now; nothing was changed"),
        _("choose what to do with the orders that are ticked"),
        _("{text} is no work order"),
        _("it belongs to another list"),
        _("nothing is called {name}"),
        _("this is no next_cursor of this list"),
    )


def _of_duties(_: Words) -> tuple[str, ...]:
    return (
        _("in time"),
        _("it was never done; is the daemon running? `hourkeeper sweep` does it now"),
        _("not done for {periods}; is the daemon running? `hourkeeper sweep` does it now"),
        _("not done for {periods} yet; the daemon does it within a minute"),
        _("not done for {periods}; it failed at {at} and is tried again: {error}"),
        _("in time; it failed at {at} and is tried again: {error}"),
        _("not done for {periods}; begun at {at}, so far: {came}"),
        _("in time; begun at {at}, so far: {came}"),
    )
