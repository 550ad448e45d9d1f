"""The check sheets of unsold machines: for every month, and for the winter (rules 3, 4 and 6)."""

from __future__ import annotations

from reportlab.platypus import Flowable

from notifications.paper import lists, parts
from notifications.paper.facts import PaperFacts
from notifications.paper.lists import Results, results_of
from notifications.paper.pen import Pen
from notifications.paper.visit_form import everything, others
from schedules.work_order import Kind


def check_sheet(pen: Pen, facts: PaperFacts) -> list[Flowable]:
    """The sheet of a month or of a winter; a month's has the winter items too where it may be dated in the winter."""
    words, done = pen.words, facts.done
    found = results_of(facts.work.items, done.items if done else (), everything(words))
    kind = facts.order.kind
    listed = [
        parts.title(pen, words(f"titles.{kind.value}"), words.title(parts.order_view(facts))),
        pen.pairs([*parts.machine_rows(pen, facts), *parts.yard_rows(pen, facts)]),
        lists.check_items(pen, words("sections.check"), facts.work.items, found),
        *_winter(pen, facts),
        pen.pairs(parts.evidence_rows(pen, done, "checked_on", "inspector")),
        *_confirmed(pen, facts),
        *others(pen, found.others),
        parts.findings(pen, done.findings if done else None),
        parts.signatures(
            pen, ("inspector", done.technician if done else None), ("keeper", done.signed_by if done else None)
        ),
    ]
    return parts.stacked(pen, listed)


def _winter(pen: Pen, facts: PaperFacts) -> list[Flowable]:
    items = facts.winter.items
    if not items:
        return []
    window = "; ".join(
        f"{'≈ ' if season.approximate else ''}{season.opens_on} – {season.ends_on}" for season in facts.seasons
    )
    title = pen.words("sections.winter_sure" if facts.is_winter else "sections.winter", window=window)
    is_done = facts.done is not None and facts.done.winter_items
    results = Results(dict.fromkeys(range(len(items)), "") if is_done else {}, ())
    return [lists.check_items(pen, title, items, results, first=len(facts.work.items))]


def _confirmed(pen: Pen, facts: PaperFacts) -> list[Flowable]:
    done = facts.done
    if facts.order.kind is not Kind.STOCK_UPKEEP:
        return []
    lines = [("nothing_removed", bool(done and done.nothing_removed))]
    if facts.winter.items:
        lines.append(("winter_items", bool(done and done.winter_items)))
    return [pen.ticks(*lines)]
