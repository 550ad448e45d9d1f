"""The forms of an order as one PDF: what is printed for which kind (rules 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, TypeVar

from notifications.letter import OrderFacts
from notifications.paper.check_sheet import check_sheet
from notifications.paper.facts import DoneFacts, PaperFacts
from notifications.paper.pages import Progress, Sheet, pdf_of
from notifications.paper.service_record import service_record
from notifications.paper.visit_form import COPIES, user_list, visit_form
from notifications.paper.words import FormWords
from notifications.plain import plain
from schedules.work_order import Kind

_MOST_CHARS = 300


_Facts = TypeVar("_Facts", PaperFacts, OrderFacts, DoneFacts)


def _silent(_done: int, _there_are: int) -> None:
    """Progress that nobody watches."""


def forms_pdf(
    orders: Sequence[PaperFacts], locale: str, *, with_record: bool = False, progress: Progress = _silent
) -> bytes:
    """The forms of orders in the language of a locale, one after the other.

    A mandatory visit has three copies, a check sheet is one page, and what the user does is a list for them;
    `with_record` adds an on-site service record to each.
    """
    words, orders = FormWords(locale), [tidied(facts) for facts in orders]
    sheets = [sheet for facts in orders for sheet in _sheets(facts, words, with_record=with_record)]
    return pdf_of(sheets, words, _title(orders, words), progress)


def _title(orders: Sequence[PaperFacts], words: FormWords) -> str:
    first = orders[0].order
    return f"{words(f'titles.{first.kind.value}')} {first.machine_id} {first.step}"


def _sheets(facts: PaperFacts, words: FormWords, *, with_record: bool) -> Iterator[Sheet]:
    foot = words(
        "notes.printed",
        machine=facts.order.machine_id,
        order=facts.number,
        plan=facts.order.plan_version,
        day=facts.printed_on,
    )
    if facts.order.kind is Kind.MANDATORY_VISIT:
        yield from (Sheet(partial(visit_form, facts=facts, copy=copy), foot) for copy in COPIES)
    elif facts.order.kind is Kind.SELF_SERVICE:
        yield Sheet(partial(user_list, facts=facts), foot)
    else:
        yield Sheet(partial(check_sheet, facts=facts), foot)
    if with_record:
        yield Sheet(partial(service_record, facts=facts), foot)


def tidied(facts: PaperFacts) -> PaperFacts:
    """The facts with every text in one line, and none without end but the findings."""
    done = None if facts.done is None else _tidied(facts.done)
    return replace(_tidied(facts), order=_tidied(facts.order), done=done)


def _tidied(facts: _Facts) -> _Facts:
    texts = {each.name: getattr(facts, each.name) for each in fields(facts)}
    found: dict[str, Any] = {name: plain(text, _most(name, text)) for name, text in texts.items() if type(text) is str}
    return replace(facts, **found)


def _most(name: str, text: str) -> int:
    return len(text) if name == "findings" else _MOST_CHARS
