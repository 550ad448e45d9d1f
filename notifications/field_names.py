"""Fields and the words they may hold, as people read them.

English shows the names of the interface (`due_on` as "due on"), so that who reads a table can ask for its JSON.
"""

from __future__ import annotations

from notifications.words import Words


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "to be translated, but not here"
    """Mark a text for the catalogues."""
    return message


FIELD_NAMES = (
    N_("acknowledged at"),
    N_("by"),
    N_("category"),
    N_("cause"),
    N_("changed at"),
    N_("closed on"),
    N_("contacted at"),
    N_("advice"),
    N_("copy 1"),
    N_("copy 1 sent by"),
    N_("copy 1 sent on"),
    N_("customer"),
    N_("customer email"),
    N_("customer locale"),
    N_("customer phone"),
    N_("due on"),
    N_("handed over on"),
    N_("heard at"),
    N_("id"),
    N_("inspected"),
    N_("kind"),
    N_("last step done"),
    N_("last step done on"),
    N_("late days"),
    N_("machine id"),
    N_("model"),
    N_("new start"),
    N_("note"),
    N_("old end"),
    N_("photo"),
    N_("on"),
    N_("opened on"),
    N_("opens on"),
    N_("overdue on"),
    N_("plan version"),
    N_("projected due on"),
    N_("recorded at"),
    N_("region"),
    N_("registered at"),
    N_("retire reason"),
    N_("retired on"),
    N_("rule"),
    N_("scheduled for"),
    N_("service centre"),
    N_("signature"),
    N_("slot"),
    N_("seen at"),
    N_("state"),
    N_("status"),
    N_("step"),
    N_("stocked on"),
    N_("superseded by"),
    N_("threshold hours"),
    N_("told"),
    N_("total at"),
    N_("total hours"),
    N_("visit no"),
    N_("visit no void"),
    N_("warranty"),
    N_("what"),
    N_("yard"),
)
FIELD_WORDS = (
    N_("calendar"),
    N_("cancelled"),
    N_("done"),
    N_("due"),
    N_("freeze_protection"),
    N_("half_year"),
    N_("forfeited"),
    N_("hours"),
    N_("in_service"),
    N_("lapsed"),
    N_("loader"),
    N_("mandatory_visit"),
    N_("missing"),
    N_("one_year"),
    N_("overdue"),
    N_("retired"),
    N_("roller"),
    N_("self_service"),
    N_("sent"),
    N_("sent_late"),
    N_("stock"),
    N_("stock_upkeep"),
    N_("superseded"),
    N_("upcoming"),
)
_HOLD_WORDS = frozenset({"category", "cause", "copy_1", "kind", "state", "status", "warranty"})


def field_name(name: str, _: Words) -> str:
    """A field's name, such as `due_on`, in words."""
    return _(name.replace("_", " "))


def field_value(name: str, value: object, _: Words) -> object:
    """A field's value; where it is one of our own words, in the reader's language."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _(value) if name in _HOLD_WORDS and isinstance(value, str) else value
