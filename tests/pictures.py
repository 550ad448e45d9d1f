"""`make pictures`: the pictures of the README, taken from the fleet of the demo."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from adapters.store.listing import OrderFilter
from daemon import demo, listing
from daemon.clock import clock_ms
from daemon.config import Config
from daemon.fleet.past_year import made_up
from daemon.keeper import Keeper
from daemon.web.members import first_link
from daemon.web.server import serve_until
from daemon.wiring import open_keeper
from tests.browser.conftest import NAMES
from tests.support.waiting import until

FOLDER = Path(__file__).parents[1] / "pictures"
DESK, PHONE = (1280, 1000), (390, 800)
COLOURS = 64
SEED = 7


def main() -> None:
    """Play the year, serve it, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        config = demo.configuration(Path(folder), None)
        keeper = _played(config)
        stop = threading.Event()
        server = threading.Thread(target=serve_until, args=(keeper, clock_ms, config.web, stop))
        server.start()
        try:
            _taken(keeper, config)
        finally:
            stop.set()
            server.join()
            keeper.store.close()


def _played(config: Config) -> Keeper:
    now_ms = clock_ms()
    scratch = demo.open_scratch(config, now_ms)
    past, fleet = demo.past_of(scratch, config), made_up(SEED, now_ms, scratch.rulebook)
    demo.play(past, fleet, now_ms, threading.Event(), lambda _done, _all: None)
    scratch.store.close()
    return open_keeper(config, now_ms)


def _taken(keeper: Keeper, config: Config) -> None:
    with keeper.store.read() as connection:
        orders = list(listing.overdue(connection, keeper, OrderFilter(), clock_ms()))
    machine = next(order["machine_id"] for order in orders if order["cause"] == "hours")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(path for name in NAMES if (path := shutil.which(name))), args=["--no-sandbox"]
        )
        state = _logged_in(browser, keeper, config)
        for name, size, locale, address in (
            ("overview", DESK, "en", "/"),
            ("machine", PHONE, "zh-CN", f"/machines/{machine}"),
        ):
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                locale=locale,
                storage_state=state,
                base_url=config.web.address,
            )
            page = context.new_page()
            page.goto(address)
            page.screenshot(path=FOLDER / f"{name}.png")
            _made_small(FOLDER / f"{name}.png")
        browser.close()


def _logged_in(browser: Browser, keeper: Keeper, config: Config) -> Path:
    context = browser.new_context()
    page = context.new_page()
    with keeper.store.write() as connection:
        link = first_link(connection, config.web.address, clock_ms())
    until(lambda: _opens(page, link), "the page to answer")
    for field, text in (("name", "Wang"), ("password", "only a demo"), ("again", "only a demo")):
        page.fill(f"#{field}", text)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{config.web.address}/")
    state = Path(str(keeper.store.url.database)).with_name("state.json")
    context.storage_state(path=state)
    return state


def _opens(page: Page, link: str) -> bool:
    try:
        page.goto(link)
    except Exception:  # noqa: BLE001 - it does not listen yet
        return False
    return True


def _made_small(file: Path) -> None:
    Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
