"""The mandatory-maintenance form in its three copies, and the list for what the user does (rules 1, 2 and 6)."""

from __future__ import annotations

from reportlab.platypus import Flowable

from notifications.paper import lists, parts
from notifications.paper.facts import DoneFacts, PaperFacts
from notifications.paper.lists import results_of
from notifications.paper.pen import Pen
from notifications.paper.words import FormWords

COPIES = (1, 2, 3)


def visit_form(pen: Pen, facts: PaperFacts, copy: int) -> list[Flowable]:
    """One copy of the form of a mandatory visit."""
    words, done = pen.words, facts.done
    found = results_of(facts.work.items, done.items if done else (), everything(words))
    no = facts.visit_no or words("notes.drawn_later")
    left = words("labels.visit_no") + words.colon() + no
    right = [words(f"copies.{copy}"), words(f"copy_receivers.{copy}")]
    listed = [
        parts.title(pen, words("titles.mandatory_visit"), _visit(pen, facts), left, right),
        pen.pairs([*parts.machine_rows(pen, facts), *parts.user_rows(pen, facts), *parts.work_rows(pen, facts)]),
        lists.visit_items(pen, words("sections.items"), facts.work.items, found),
        *_materials(pen, facts),
        pen.pairs(parts.evidence_rows(pen, done, "done_on", "technician")),
        pen.ticks(("genuine_oils", bool(done and done.genuine_oils))),
        *others(pen, found.others),
        parts.findings(pen, done.findings if done else None),
        parts.signatures(pen, *_signers(done)),
        pen.text(words(f"copy_notes.{copy}"), size=0.9),
    ]
    return parts.stacked(pen, listed)


def _visit(pen: Pen, facts: PaperFacts) -> str:
    title = pen.words.title(parts.order_view(facts))
    if facts.ordinal is None:
        return title
    comma = ", " if pen.words.locale == "en" else "，"
    return title + comma + pen.words("notes.ordinal", number=facts.ordinal)


def _materials(pen: Pen, facts: PaperFacts) -> list[Flowable]:
    needed = facts.work.materials
    return [lists.materials(pen, pen.words("sections.materials"), needed)] if needed else []


def _signers(done: DoneFacts | None) -> list[tuple[str, str | None]]:
    technician, user = (done.technician, done.signed_by) if done else (None, None)
    return [("technician", technician), ("user", user), ("centre", None)]


def user_list(pen: Pen, facts: PaperFacts) -> list[Flowable]:
    """What the user does: items and materials, and what the service centre wants to know of it; no form, no fee."""
    words, done = pen.words, facts.done
    found = results_of(facts.work.items, done.items if done else (), everything(words))
    reported = (done and (done.signed_by or done.technician)) or ""
    listed = [
        parts.title(pen, words("titles.self_service"), _visit(pen, facts)),
        pen.pairs([*parts.machine_rows(pen, facts), *parts.user_rows(pen, facts), *parts.work_rows(pen, facts)]),
        lists.visit_items(pen, words("sections.items"), facts.work.items, found),
        *_materials(pen, facts),
        pen.text(words("notes.user_list")),
        pen.pairs([*parts.evidence_rows(pen, done, "done_on", "reported_by")[:1], [("reported_by", reported)]]),
        *others(pen, found.others),
    ]
    return parts.stacked(pen, listed)


def others(pen: Pen, entries: tuple[str, ...]) -> list[Flowable]:
    """What a form has said that fits no item of the list, as it was entered."""
    return [pen.pairs([[("as_entered", "; ".join(entries))]])] if entries else []


def everything(words: FormWords) -> frozenset[str]:
    """The words by which a form says that all items were done, in every language."""
    return words.everywhere("all")
