"""`make letters`: a picture of each letter in each language, on a telephone and on a wide screen, to be looked at.

Each is what `hourkeeper notices preview` writes; FOLDER/sheet-… shows all of one language and width beside each other.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from notifications.occasions import Occasion, roles_of
from notifications.words import LOCALES
from tests.browser.conftest import NAMES
from tests.support.daemon_process import COMMAND

WIDTHS = {"phone": 390, "desk": 1000}
_HEIGHT = 800
_IN_A_ROW = 4
_GAP = 12
_FONT = base64.b64encode((Path(__file__).parents[1] / "notifications/paper/noto-sans-sc.ttf").read_bytes()).decode()
# Where the pictures are taken there may be no Chinese font: the one of the printed forms has what letters need.
_LETTERS_OF_BOTH = f"""
@font-face {{ font-family: "both"; src: url(data:font/ttf;base64,{_FONT}); }}
body, body * {{ font-family: "DejaVu Sans", "both" !important; }}
"""


def main() -> None:
    """Take them all, and print where they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.letter_pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as written, sync_playwright() as playwright:
        pages = dict(written_in(Path(written)))
        browser = playwright.chromium.launch(
            executable_path=next(path for name in NAMES if (path := shutil.which(name))), args=["--no-sandbox"]
        )
        for screen, width in WIDTHS.items():
            for locale in LOCALES:
                of_locale = {name: page for (name, its), page in pages.items() if its == locale}
                _take(browser, folder, f"{locale}-{screen}", of_locale, width)
        browser.close()
    print(f"the pictures are in {folder}")


def written_in(folder: Path) -> Iterator[tuple[tuple[str, str], Path]]:
    """Each occasion, for everybody who is told of it, in each language, as a page."""
    (folder / "hourkeeper.toml").write_text('[web]\npublic_url = "https://hours.example"\n')
    for locale in LOCALES:
        for occasion in Occasion:
            for role in roles_of(occasion):
                page = folder / f"{locale}-{occasion}-{role}.html"
                what = ("preview", occasion, "--to", role, "--locale", locale, "--format", "html", "--out", str(page))
                subprocess.run(
                    [COMMAND, "--config", str(folder / "hourkeeper.toml"), "notices", *what],
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
                yield (f"{occasion}-{role}", locale), page


def _take(browser: Browser, folder: Path, name: str, pages: dict[str, Path], width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": _HEIGHT})
    page, taken = context.new_page(), []
    for letter, file in pages.items():
        page.goto(file.as_uri())
        page.add_style_tag(content=_LETTERS_OF_BOTH)
        page.evaluate("document.fonts.ready")
        taken.append(folder / f"{name}-{letter}.png")
        page.screenshot(path=taken[-1], full_page=True)
    context.close()
    for number, begin in enumerate(range(0, len(taken), _IN_A_ROW), start=1):
        _sheet(taken[begin : begin + _IN_A_ROW], folder / f"sheet-{name}-{number}.png")


def _sheet(files: Sequence[Path], out: Path) -> None:
    """Pictures beside each other."""
    pictures = [Image.open(file) for file in files]
    width = sum(each.width + _GAP for each in pictures)
    sheet = Image.new("RGB", (width, max(each.height for each in pictures)), "grey")
    left = 0
    for each in pictures:
        sheet.paste(each, (left, 0))
        left += each.width + _GAP
    sheet.save(out)


if __name__ == "__main__":
    main()
