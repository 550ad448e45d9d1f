"""Serves the application from a thread of the daemon; whatever happens to it, the intake goes on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from ipaddress import ip_network

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Connection

from adapters.store import people
from adapters.store.engine import STORE_FAULTS
from daemon.config import WebConfig
from daemon.hour_history import HourHistory
from daemon.keeper import Keeper
from daemon.pulse import Pulse
from daemon.web.app import app_of
from daemon.web.links import SECRET
from daemon.web.members import first_link
from daemon.web.site import Site, WebSettings

_TRY_AGAIN_S = 5.0
_LOOK_S = 0.2
_LAST_ANSWERS_S = 3
_WAITING = 128
log = structlog.get_logger("web")


def serve_until(
    keeper: Keeper,
    clock: Callable[[], int],
    config: WebConfig,
    stop: threading.Event,
    pulse: Pulse | None = None,
    copied: HourHistory | None = None,
) -> None:
    """Serve until `stop` is set; a port that is taken, or a store that is away, is tried again.

    `pulse` is what programs that watch us are told of the daemon's loops, `copied` the copy of the machines' hours.
    """
    told = ""
    pulse = pulse or Pulse()
    while not stop.is_set():
        try:
            _serve(keeper, clock, config, stop, pulse, copied)
        except (OSError, *STORE_FAULTS) as fault:
            why = str(fault).splitlines()[0]
            if why != told:
                log.warning("web_waits", listen=config.listen, error=why, what_to_do="free the port, or set web.listen")
            told = why
            stop.wait(_TRY_AGAIN_S)


def _serve(
    keeper: Keeper,
    clock: Callable[[], int],
    config: WebConfig,
    stop: threading.Event,
    pulse: Pulse,
    copied: HourHistory | None,
) -> None:
    with closing(listening(config.host, config.port)) as listener:
        with keeper.store.write() as connection:
            secret = people.keep_secret(connection, SECRET)
            _invite_the_first(connection, config, listener, clock())
        site = Site(keeper, clock, settings_of(config), secret, pulse, copied=copied)
        server = uvicorn.Server(_options(app_of(site)))
        ended = threading.Thread(target=_end_with, args=(server, stop), name="web-end", daemon=True)
        ended.start()
        log.info("web_ready", address=address_of(config, listener))
        server.run(sockets=[listener])


def _options(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
        proxy_headers=False,
    )


def _end_with(server: uvicorn.Server, stop: threading.Event) -> None:
    stop.wait()
    while not server.started and not server.should_exit:
        time.sleep(_LOOK_S)
    server.should_exit = True


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; OSError if the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Handed on to every connection: an answer is not held back until the other side has said that it hears.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(_WAITING)
    except BaseException:
        listener.close()
        raise
    return listener


def address_of(config: WebConfig, listener: socket.socket) -> str:
    """Where the page is found on this machine."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"http://{host}:{listener.getsockname()[1]}"


def settings_of(config: WebConfig) -> WebSettings:
    """How people come in, as the configuration says."""
    return WebSettings(
        public_url=str(config.public_url or "").rstrip("/"),
        session=timedelta(hours=config.session_hours),
        link=timedelta(days=config.link_days),
        max_body=config.max_body_kb * 1024,
        max_upload=config.max_upload_kb * 1024,
        calendar_days=config.calendar_days,
        proxies=tuple(ip_network(proxy) for proxy in config.trusted_proxies),
        user_header=config.user_header,
    )


def _invite_the_first(connection: Connection, config: WebConfig, listener: socket.socket, now_ms: int) -> None:
    """There is no default password: who reads the log, or asks with a command, becomes the first manager."""
    if people.count_managers(connection) == 0:
        page = str(config.public_url or address_of(config, listener)).rstrip("/")
        log.warning("set_up", address=first_link(connection, page, now_ms), holds="one day, once")
