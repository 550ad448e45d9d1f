"""What every page and every call of the API is served from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address

from fastapi import Request

from adapters.store.hour_history import StoreHistory
from daemon.hour_history import FirstOrElse, HourHistory
from daemon.keeper import Keeper
from daemon.pulse import Pulse
from daemon.web.figures import Figures

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How people come in; `proxies` may name who is logged in, in `user_header`."""

    public_url: str = ""
    session: timedelta = timedelta(hours=12)
    link: timedelta = timedelta(days=30)
    max_body: int = 512 * 1024
    max_upload: int = 16 * 1024 * 1024
    calendar_days: int = 60
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    user_header: str | None = None

    @property
    def session_ms(self) -> int:
        """How long a session lasts."""
        return self.session // _MS

    @property
    def link_ms(self) -> int:
        """How long a notice's link opens its order."""
        return self.link // _MS

    def trusts(self, address: str | None) -> bool:
        """Whether a request from this address may say who is logged in."""
        return address is not None and self.user_header is not None and self.is_proxy(address)

    def is_proxy(self, address: str) -> bool:
        """Whether it is a proxy of ours."""
        try:
            asked = ip_address(address)
        except ValueError:
            return False
        return any(asked in proxy for proxy in self.proxies)


@dataclass(frozen=True, slots=True)
class Site:
    """The keeper, the clock (ms since 1970), the settings, the secret that signs links, the daemon's pulse,
    and what was counted lately.
    """

    keeper: Keeper
    clock: Callable[[], int]
    settings: WebSettings
    secret: str
    pulse: Pulse = field(default_factory=Pulse)
    figures: Figures = field(default_factory=Figures)
    copied: HourHistory | None = None
    """The copy of the machines' hours, if there is one."""

    @property
    def hours(self) -> HourHistory:
        """Where machines' hours over time are read."""
        kept = StoreHistory(self.keeper.store)
        return kept if self.copied is None else FirstOrElse(self.copied, kept)


def site_of(request: Request) -> Site:
    """The site a request is served from."""
    found: Site = request.app.state.site
    return found
