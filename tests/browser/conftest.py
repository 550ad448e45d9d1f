"""A real browser before a real server over a small world; both are started once for all tests of a worker."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from adapters.store import people
from adapters.store.people import Place
from daemon.config import WebConfig
from daemon.web import passwords
from daemon.web.links import proofs
from daemon.web.server import serve_until
from notifications.letter import Letter, Rendered
from notifications.relay import deliver_one
from notifications.rendering import Renderer
from notifications.retry_policy import RetryPolicy
from tests.keeping import World
from tests.support.broker import free_port
from tests.support.waiting import until

PASSWORD = "a long enough one"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 20_000


@dataclass
class Post:
    """A channel that keeps what it was given."""

    name: str = "email"
    sent: list[tuple[Letter, Rendered]] = field(default_factory=list)

    def deliver(self, letter: Letter, rendered: Rendered, _now: datetime) -> None:
        """Keep a letter."""
        self.sent.append((letter, rendered))


@dataclass
class Hall:
    """A world, the address of its pages, the letters that were sent, and the browser."""

    world: World
    address: str
    post: Post
    browser: Browser

    def opens(self, size: dict[str, int], locale: str) -> BrowserContext:
        """Somebody's own device; whatever it asks of another host fails the test at once."""
        context = self.browser.new_context(viewport=size, locale=locale, base_url=self.address)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        context.route(lambda url: urlsplit(url).netloc != urlsplit(self.address).netloc, _no_other_host)
        return context

    def manager(self, size: dict[str, int], locale: str) -> Page:
        """The page of a manager who has logged in."""
        page = self.opens(size, locale).new_page()
        page.goto("/login")
        page.fill("#name", "Wang")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.address}/")
        return page

    def order_id(self, machine_id: str, step: str) -> int:
        """The number of a work order."""
        with self.world.keeper.store.read() as connection:
            text = "SELECT id FROM work_orders WHERE machine_id = ? AND step = ?"
            return int(connection.exec_driver_sql(text, (machine_id, step)).scalar_one())


def _no_other_host(route: Any) -> None:  # noqa: ANN401 - playwright's Route
    raise AssertionError(f"the page asked another host: {route.request.url}")


def lived(file: Path) -> World:
    """L1, L2 and L3 of SC7 overdue, S1 in stock, L4 with three readings in a row that jump alike."""
    world = World(file)
    world.goes_to("2026-03-01 08:00")
    world.registers()
    for machine in ("L1", "L2", "L3", "L4"):
        world.sells(machine)
    world.stocks("S1", region="23")
    for day, hours in (("15", "60"), ("17", "90"), ("19", "131.5")):
        world.goes_to(f"2026-03-{day} 08:00")
        for machine in ("L1", "L2", "L3", "L4"):
            world.reads(machine, hours)
    for hour, hours in (("09", "5000"), ("10", "5000.9"), ("11", "5001.8")):
        world.goes_to(f"2026-03-19 {hour}:00")
        world.reads("L4", hours)
    world.goes_to("2026-03-20 09:00")
    return world


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """The server and the browser, until the last test has ended."""
    world, stop, post = lived(Path(tmp_path_factory.mktemp("hall")) / "hourkeeper.db"), threading.Event(), Post()
    config = WebConfig(listen=f"127.0.0.1:{free_port()}")
    with world.keeper.store.write() as connection:
        number = people.add_person(connection, "Wang", Place("manager"), None, 0)
        people.set_password(connection, number, passwords.hash_of(PASSWORD))
    server = threading.Thread(target=serve_until, args=(world.keeper, world.clock, config, stop))
    server.start()
    try:
        yield from _served(world, post, f"http://{config.listen}")
    finally:
        stop.set()
        server.join()


def _served(world: World, post: Post, address: str) -> Iterator[Hall]:
    _send_letters(world, post, address)
    with sync_playwright() as playwright:
        found = next(path for name in NAMES if (path := shutil.which(name)))
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        until(lambda: _answers(browser, address), "the page to answer")
        yield Hall(world, address, post, browser)
        browser.close()


def _answers(browser: Browser, address: str) -> bool:
    context = browser.new_context()
    try:
        return context.request.get(f"{address}/login").ok
    except Exception:  # noqa: BLE001 - it does not listen yet
        return False
    finally:
        context.close()


def _send_letters(world: World, post: Post, address: str) -> None:
    renderer = Renderer(world.keeper.items_of, page=address, proof=proofs(world.keeper.store, 30))
    world.gathers()
    while deliver_one(world.outbox, {"email": post}, renderer, world.clock, RetryPolicy()):
        pass
