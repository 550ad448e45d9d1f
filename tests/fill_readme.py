"""Writes the tables of commands and settings into the README: python -m tests.fill_readme"""

from __future__ import annotations

from tests.test_docs import README, TABLES, between


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for marker, table in TABLES.items():
        between(text, marker)
        before, begin, rest = text.partition(f"<!-- {marker} -->\n")
        _, end, after = rest.partition(f"<!-- /{marker} -->")
        text = f"{before}{begin}{table()}{end}{after}"
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
