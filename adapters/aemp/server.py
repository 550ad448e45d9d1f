"""A maker's server for a fleet (ISO/TS 15143-3): logged in to with OAuth2, read page by page; one kind of failure."""

from __future__ import annotations

import base64
import json
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote_plus, urlencode, urljoin, urlsplit

from adapters.aemp.snapshot import MOST_BYTES, NotASnapshot, Page, read_page
from notifications.channels.channel import DeliveryFailed
from notifications.channels.http_call import Answer, Caller, Request
from notifications.channels.network import Allowed
from notifications.plain import plain

_OK, _BAD, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 200, 400, 401, 403, 404, 410
_REDIRECTS = range(300, 400)
_MOST_SAID = 300
_PORTS = {"http": 80, "https": 443}
_TOKEN_LASTS_S = 300.0
_RENEWED_S_BEFORE = 30.0
_CALLS_OF_A_PAGE = 4
_LOGIN_ADVICE = "check client_id, client_secret_file, client_auth and scope of this fleet"


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Where a fleet is and how we log in: with `token`, or at `token_url` as a client; `timeout_s` for one answer."""

    url: str
    token: str | None = field(default=None, repr=False)
    token_url: str | None = None
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_in_body: bool = False
    scope: str | None = None
    timeout_s: float = 60.0
    allow: Allowed = field(default_factory=Allowed)
    ca_file: Path | None = None

    @property
    def longest_s(self) -> float:
        """The longest that reading one page can take."""
        return self.timeout_s * _CALLS_OF_A_PAGE


class FleetFault(Exception):  # noqa: N818 - named as the server's other fault
    """A page cannot be read now; says why, what to do (`advice`), and how long the server asks us to wait.

    `is_gone`: the server no longer knows this page, so that reading has to begin again.
    """

    def __init__(
        self, reason: str, advice: str | None = None, wait_s: float | None = None, *, is_gone: bool = False
    ) -> None:
        """`advice` only where somebody has to do something."""
        super().__init__(plain(reason, _MOST_SAID))
        self.advice = advice
        self.wait_s = wait_s
        self.is_gone = is_gone


class FleetServer:
    """One fleet; nothing is connected before it is used, and every call ends within its time."""

    def __init__(self, settings: FleetSettings) -> None:
        """Read the authorities' certificates, nothing else."""
        self.settings = settings
        context = None if settings.ca_file is None else ssl.create_default_context(cafile=settings.ca_file)
        self._caller = Caller(settings.allow, settings.timeout_s, context, most_body=MOST_BYTES + 1)
        self._token, self._token_until = settings.token, float("inf")

    def page(self, url: str | None = None) -> Page:
        """The page behind a link, or the first one; its own link to the next is whole. FleetFault if there is none."""
        at = url or self.settings.url
        answer = self._get(at)
        if answer.status == _UNAUTHORIZED and self.settings.token is None:
            self._token = None
            answer = self._get(at)
        if answer.status != _OK:
            raise _refusal(answer, is_first=url is None)
        try:
            page = read_page(answer.body)
        except NotASnapshot as error:
            raise FleetFault(f"its answer is no page of a fleet: {error}") from None
        return Page(page.machines, page.silent, self._whole(at, page.next_href))

    def _get(self, url: str) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._valid_token()}",
            "Accept": "application/json, application/xml;q=0.9",
        }
        return self._call(Request(url, b"", headers, "GET"))

    def _call(self, request: Request) -> Answer:
        try:
            answer = self._caller.send(request)
        except DeliveryFailed as failure:
            raise FleetFault(failure.reason) from None
        if len(answer.body) > MOST_BYTES:
            raise FleetFault(f"its answer is larger than {MOST_BYTES >> 20} MiB")
        return answer

    def _valid_token(self) -> str:
        if self._token is None or time.monotonic() > self._token_until:
            self._log_in()
        return self._token or ""

    def _log_in(self) -> None:
        """Client credentials (RFC 6749, section 4.4); the secret stands where this maker wants it."""
        ours = self.settings
        form = {"grant_type": "client_credentials"} | ({"scope": ours.scope} if ours.scope else {})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if ours.client_in_body:
            form |= {"client_id": ours.client_id, "client_secret": ours.client_secret}
        else:
            pair = f"{quote_plus(ours.client_id)}:{quote_plus(ours.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = self._call(Request(ours.token_url or "", urlencode(form).encode(), headers))
        if answer.status != _OK:
            raise _login_refused(answer)
        self._token, lasts_s = _token_in(answer.body)
        self._token_until = time.monotonic() + lasts_s - _RENEWED_S_BEFORE

    def _whole(self, at: str, href: str | None) -> str | None:
        """A link to the next page, on this server only: nobody else gets our token."""
        if href is None:
            return None
        try:
            whole = urljoin(at, _from_the_root(urlsplit(at).path, href))
        except ValueError:
            raise FleetFault(f"its link to the next page is none: {href}") from None
        ours, theirs = urlsplit(at), urlsplit(whole)
        if (ours.scheme, theirs.scheme, theirs.netloc.rpartition(":")[1]) == ("https", "http", ""):
            theirs = theirs._replace(scheme="https")  # a server behind a proxy does not know that it speaks TLS
        if _origin(ours) != _origin(theirs):
            raise FleetFault(f"its next page is on another server, {theirs.netloc}, which does not get our token")
        if theirs.geturl() == at:
            raise FleetFault("its page names itself as the next one")
        return theirs.geturl()


def _from_the_root(path: str, href: str) -> str:
    """A link's path as the server has it: some makers count from where their interface begins, `/Fleet/2`."""
    if not href.startswith("/") or href.startswith("//"):
        return href
    begins, found, _ = path.partition(f"/{href.split('/')[1]}/")
    return f"{begins}{href}" if found else href


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return parts.scheme, parts.hostname, None


def _token_in(body: bytes) -> tuple[str, float]:
    try:
        said = json.loads(body)
        token, lasts_s = said["access_token"], float(said.get("expires_in") or _TOKEN_LASTS_S)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise FleetFault("its login gives no access_token", "check token_url of this fleet") from None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise FleetFault("its login gives an access_token that cannot be sent", "check token_url of this fleet")
    return token, lasts_s


def _login_refused(answer: Answer) -> FleetFault:
    """Why we are not let in; RFC 6749 has a word for it, which is no secret."""
    try:
        word = str(json.loads(answer.body)["error"])
    except (ValueError, TypeError, KeyError, RecursionError):
        word = answer.reason
    is_ours = answer.status in {_BAD, _UNAUTHORIZED, _FORBIDDEN}
    wait_s = answer.retry_after_s or None
    return FleetFault(f"its login says {answer.status} {word}", _LOGIN_ADVICE if is_ours else None, wait_s)


def _refusal(answer: Answer, *, is_first: bool) -> FleetFault:
    status, wait_s = answer.status, answer.retry_after_s or None
    reason = f"it says {status} {answer.reason}"
    if status in _REDIRECTS:
        return FleetFault(f"{reason}: {answer.location}", "put the address it leads to into url of this fleet")
    if status in {_BAD, _NOT_FOUND, _GONE} and not is_first:
        return FleetFault(f"{reason} to a next page that it named", wait_s=wait_s, is_gone=True)
    advice = {
        _UNAUTHORIZED: "our token is not taken: put a valid one into token_file, or see to the login of this fleet",
        _FORBIDDEN: "have the maker give this account the right to read the fleet",
        _NOT_FOUND: "check url of this fleet",
    }
    return FleetFault(reason, advice.get(status), wait_s)
