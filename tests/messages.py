"""`make messages`: gather the sentences of the code into the catalogues, and compile those (babel)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from notifications.words import CATALOGUES, DOMAIN, LOCALES

ROOT = Path(__file__).parents[1]
SPOKEN_IN = [("**.py", "python"), ("**.j2", "jinja2")]
SPEAKERS = ("notifications", "daemon")
TRANSLATED = tuple(locale.replace("-", "_") for locale in LOCALES if locale != "en")


def main() -> None:
    for language in TRANSLATED:
        catalogue = known(language)
        catalogue.update(gathered(), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        _with_a_quiet_header(catalogue)
        file = po_file(language)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            write_po(out, catalogue, width=110, no_location=True, sort_output=True, omit_header=False)
        file.with_suffix(".mo").write_bytes(compiled(catalogue))
        print(f"{language}: {len(untranslated(catalogue))} of {len(catalogue)} not translated")


def _with_a_quiet_header(catalogue: Catalog) -> None:
    """The same file whoever makes it, and whenever."""
    catalogue.header_comment = f"# {catalogue.locale} words of {DOMAIN}; new sentences are gathered by `make messages`."
    catalogue.fuzzy = False
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    catalogue.last_translator = catalogue.language_team = DOMAIN


def gathered() -> Catalog:
    """Every sentence that the code and the templates look up."""
    found = Catalog(charset="utf-8")
    for speaker in SPEAKERS:
        for _file, _line, message, _comments, context in extract_from_dir(ROOT / speaker, SPOKEN_IN):
            found.add(message, context=context)
    return found


def known(language: str) -> Catalog:
    """The catalogue of a language as it stands."""
    file = po_file(language)
    if not file.exists():
        return Catalog(locale=language, domain=DOMAIN, project=DOMAIN)
    with file.open("rb") as source:
        return read_po(source, locale=language, domain=DOMAIN)


def po_file(language: str) -> Path:
    """Where translators write."""
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def compiled(catalogue: Catalog) -> bytes:
    """What gettext reads."""
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """Sentences without words in the catalogue's language, or with words that nobody has checked."""
    return [str(each.id) for each in catalogue if each.id and (each.fuzzy or not all(forms(each.string)))]


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """A text, or each of its forms where it depends on a number."""
    return tuple(text) if text and not isinstance(text, str) else (str(text or ""),)


if __name__ == "__main__":
    main()
