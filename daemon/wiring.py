"""The one place where the parts are put together: store, plan, sources, channels, as the configuration says."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adapters.aemp.server import FleetServer, FleetSettings
from adapters.files.rules import read_rules
from adapters.influx.history import InfluxHistory
from adapters.influx.server import InfluxServer, InfluxSettings
from adapters.mqtt.octets import Octets, Written
from adapters.mqtt.source import AtFormat, Payload, Source, SourceSpec
from adapters.national_days import national_days
from adapters.store import rulebooks, schema
from adapters.store.engine import Store
from daemon.config import Config, EmailConfig, ManagerConfig, NotificationsConfig, SourceConfig
from daemon.config_aemp import FleetConfig
from daemon.config_values import WEEK
from daemon.copying import Copier, run_copier
from daemon.further_channels import channel_of, entry_of
from daemon.keeper import Keeper, Kept, Manager, Telling
from daemon.polling import Fleet, Poller, run_pollers
from daemon.pulse import Pulse
from daemon.web.links import proofs
from notifications.channels.channel import Channel
from notifications.channels.email import EmailChannel, MailServer, Security
from notifications.channels.log import LogChannel
from notifications.channels.network import allowed
from notifications.channels.traced import TracedChannel
from notifications.rendering import ItemsOf, Renderer
from notifications.retry_policy import RetryPolicy
from notifications.timing import Quiet, Timing
from notifications.ways import EMAIL, LOG
from notifications.working_days import WorkingDays, ordinary
from schedules.reading import Unit
from schedules.rulebook import Rulebook

if TYPE_CHECKING:
    from adapters.mqtt.publisher import Publisher
    from adapters.mqtt.settings import MqttSettings

_ONE_MS = timedelta(milliseconds=1)
_MACHINE_ID_PATH = "machine_id"
_STATUS = "hourkeeper/status"
_ANSWERS_OF_A_DELIVERY = 20
_IN_FLIGHT = 100
_PAGE_WAITS_S = 2.0


def open_keeper(config: Config, now_ms: int, *, upgrading: bool = False, adopting: bool = True) -> Keeper:
    """The keeper of a configuration.

    A database without tables gets them; an older one is upgraded if `upgrading`, else SchemaError says how; a
    newer one is always refused. The configured plan is put in force; with `adopting` off it is only looked at,
    and nothing is written. PlanError names every bad key.
    """
    store = open_store(config, upgrading=upgrading)
    try:
        rulebook = rulebook_of(store, config, now_ms, adopting=adopting)
        return Keeper(store, rulebook, telling_of(config), Kept(**config.retention.model_dump()))
    except BaseException:
        store.close()
        raise


class StoreUnusableError(Exception):
    """The store of a configuration cannot even be tried; says why."""


def store_of(config: Config) -> Store:
    """The store of a configuration, not looked into yet; StoreUnusableError without its driver or its folder."""
    try:
        return Store(config.store.url)
    except ValueError as error:
        raise StoreUnusableError(f"store.url: this is no SQLAlchemy URL: {error}") from error
    except ImportError as error:
        message = f"store.url: the driver is missing ({error}); for PostgreSQL install `hourkeeper[postgres]`"
        raise StoreUnusableError(message) from error
    except OSError as error:
        message = f"store.url: the folder of the database cannot be made: {error.strerror}: {error.filename}"
        raise StoreUnusableError(message) from error


def open_store(config: Config, *, upgrading: bool = False) -> Store:
    """The store of a configuration, its tables as this version needs them; SchemaError if that cannot be."""
    store = store_of(config)
    try:
        schema.prepare(store, upgrading=upgrading)
    except BaseException:
        store.close()
        raise
    return store


def rulebook_of(store: Store, config: Config, now_ms: int, *, adopting: bool = True) -> Rulebook:
    """The plans by version with the configured one in force; PlanError names every bad key."""
    files = read_rules(config.plan.file, config.plan.items_file, config.plan.winter_file)
    with store.read() as connection:
        rulebook, is_known = rulebooks.look_up(connection, files)
    if is_known or not adopting:
        return rulebook
    with store.write() as connection:
        return rulebooks.adopt(connection, files, now_ms)


def telling_of(config: Config) -> Telling:
    """How notices are told."""
    told = config.notifications
    return Telling(
        locale=told.locale,
        managers=tuple(_manager(manager) for manager in told.managers),
        timing=_timing(told),
        escalate_after_days=told.escalate_after_days,
        remind_every_days=told.remind_every_days,
        channel=EMAIL if told.email.host else LOG,
        entries=tuple(entry_of(channel) for channel in told.channels),
        digest_on=None if told.digest_on == "off" else WEEK.index(told.digest_on),
    )


def _timing(told: NotificationsConfig) -> Timing:
    quiet = told.quiet
    return Timing(
        group_wait_ms=timedelta(seconds=told.group_wait_s) // _ONE_MS,
        morning_at=told.morning_at,
        quiet=Quiet(quiet.begins, quiet.ends) if quiet.begins and quiet.ends else None,
        working=WorkingDays(
            weekdays=frozenset(WEEK.index(day) for day in told.working_days),
            national=national_days(told.holidays) if told.holidays else ordinary,
            extra_holidays=frozenset(told.extra_holidays),
            extra_working_days=frozenset(told.extra_working_days),
        ),
    )


def _manager(manager: ManagerConfig) -> Manager:
    return Manager(
        name=manager.name,
        email=manager.email,
        phone=manager.phone,
        locale=manager.locale,
        service_centres=frozenset(manager.service_centres),
        regions=frozenset(manager.regions),
        zone=None if manager.zone is None else ZoneInfo(manager.zone),
    )


def sources_of(config: Config) -> tuple[Source, ...]:
    """What is subscribed to, and how it is read."""
    return tuple(Source(_spec(source)) for source in config.mqtt.sources)


def _spec(source: SourceConfig) -> SourceSpec:
    return SourceSpec(
        topic=source.topic,
        hours=source.hours,
        at=source.at,
        machine_id=source.machine_id or _MACHINE_ID_PATH,
        unit=Unit(source.unit),
        at_format=AtFormat(source.at_format),
        payload=Payload(source.payload),
        octets=_octets(source),
        hours_optional=source.hours_optional,
    )


def _octets(source: SourceConfig) -> Octets | None:
    place = source.hours_bytes
    return None if place is None else Octets.at(place, source.byte_order, Written(source.bytes_as))


def mqtt_settings_of(config: Config) -> MqttSettings:
    """How to reach the broker."""
    from adapters.mqtt.settings import MqttSettings

    mqtt = config.mqtt
    return MqttSettings(
        host=mqtt.host,
        port=mqtt.port,
        client_id=mqtt.full_client_id,
        username=mqtt.username,
        password=None if mqtt.password is None else mqtt.password.get_secret_value(),
        group=mqtt.group,
        version_5=mqtt.protocol == "5",
        keepalive_s=mqtt.keepalive,
        receive_maximum=mqtt.receive_maximum,
        batch=mqtt.batch,
        ca_file=mqtt.tls.ca_file,
        cert_file=mqtt.tls.cert_file,
        key_file=mqtt.tls.key_file,
        status_topic=_STATUS if mqtt.slot is None else f"{_STATUS}/{mqtt.slot}",
    )


def renderer_of(config: Config, items_of: ItemsOf, store: Store | None = None) -> Renderer:
    """Whoever writes the letters; `items_of` finds the work items of a version of the plan, the store signs links."""
    page = config.web.public_url or ""
    told = config.notifications
    proof = None if store is None else proofs(store, config.web.link_days)
    return Renderer(items_of, page=page, locale=told.locale, templates=told.templates_folder, proof=proof)


def server_of(config: Config) -> Callable[[Keeper, Callable[[], int], threading.Event, Pulse], None]:
    """Whoever serves pages and API; the libraries for it are read by its own thread."""

    def serve(keeper: Keeper, clock: Callable[[], int], stop: threading.Event, pulse: Pulse) -> None:
        from daemon.web.server import serve_until

        serve_until(keeper, clock, config.web, stop, pulse, copied_hours_of(config))

    return serve


def copied_hours_of(config: Config) -> InfluxHistory | None:
    """Machines' hours in the copy, over a connection of its own: a page waits a moment only; None without one."""
    server = influx_of(config, longest_s=_PAGE_WAITS_S)
    return None if server is None else InfluxHistory(server)


def board_of(config: Config) -> Callable[[Keeper, Callable[[], int], threading.Event], None] | None:
    """Whoever keeps machines' next services on the broker, over a connection of its own; None if nobody is to."""
    told = config.mqtt.next_service
    if told.topic is None:
        return None
    from daemon.next_services import Board, keep_told

    settings = mqtt_settings_of(config)
    board = Board(told.topic, settings.status_topic, told.every_s, told.home_assistant)

    def connect() -> Publisher:
        from adapters.mqtt.publisher import Publisher

        publisher = Publisher(settings, _IN_FLIGHT, f"{settings.client_id}-next")
        publisher.open()
        return publisher

    def tell(keeper: Keeper, clock: Callable[[], int], stop: threading.Event) -> None:
        keep_told(keeper, board, connect, clock, stop)

    return tell


def channels_of(config: Config) -> dict[str, Channel]:
    """The ways out, by name; the log is always one, and with `notifications.log` it shows what went by the others."""
    log = LogChannel()
    channels: list[Channel] = [log]
    server = mail_server_of(config.notifications.email)
    if server is not None:
        mail = EmailChannel(server)
        channels.append(mail)
    channels.extend(channel_of(each, config.web.public_url or "") for each in config.notifications.channels)
    if config.notifications.log:
        channels[1:] = [TracedChannel(channel, log) for channel in channels[1:]]
    return {channel.name: channel for channel in channels}


def policy_of(config: Config) -> RetryPolicy:
    """How often a letter is tried; a claim outlasts the slowest mail server by half."""
    longest_ms = round(config.notifications.email.timeout_s * 1000) * _ANSWERS_OF_A_DELIVERY
    shipped = RetryPolicy()
    lease_ms = max(shipped.lease_ms, longest_ms * 3 // 2)
    return RetryPolicy(max_attempts=config.notifications.max_attempts, lease_ms=lease_ms)


def influx_of(config: Config, longest_s: float = math.inf) -> InfluxServer | None:
    """The server of the copy, not connected yet, which answers within `longest_s`; None without one."""
    influx = config.influx
    if influx.url is None or influx.org is None or influx.bucket is None or influx.token is None:
        return None
    token = influx.token.get_secret_value()
    where = (str(influx.url), influx.org, influx.bucket)
    return InfluxServer(InfluxSettings(*where, token, min(influx.timeout_s, longest_s), influx.ca_file))


def copier_of(config: Config) -> Callable[[Keeper, Callable[[], int], threading.Event], None] | None:
    """Whoever sends the copy of the readings; None without one."""
    server = influx_of(config)
    if server is None:
        return None

    def copy(keeper: Keeper, clock: Callable[[], int], stop: threading.Event) -> None:
        run_copier(Copier(keeper.store, server, clock, config.influx.batch, config.influx.timeout_s), stop)
        server.close()

    return copy


def fleet_server_of(fleet: FleetConfig) -> FleetServer:
    """The server of a fleet, not connected yet."""
    secret, token = fleet.client_secret, fleet.token
    return FleetServer(
        FleetSettings(
            url=fleet.url,
            token=None if token is None else token.get_secret_value(),
            token_url=fleet.token_url,
            client_id=fleet.client_id or "",
            client_secret="" if secret is None else secret.get_secret_value(),
            client_in_body=fleet.client_auth == "body",
            scope=fleet.scope,
            timeout_s=fleet.timeout_s,
            allow=allowed(fleet.allow),
            ca_file=fleet.ca_file,
        )
    )


def _poller_of(keeper: Keeper, fleet: FleetConfig, clock: Callable[[], int]) -> Poller:
    server = fleet_server_of(fleet)
    every_ms = timedelta(minutes=fleet.every_minutes) // _ONE_MS
    asked = Fleet(fleet.name, fleet.machine_id, fleet.prefix or "", every_ms, server.settings.longest_s)
    return Poller(keeper, asked, server, clock)


def pollers_of(config: Config) -> Callable[[Keeper, Callable[[], int], threading.Event], None] | None:
    """Whoever asks makers' servers for their fleets; None without any."""
    fleets = config.aemp.fleets
    if not fleets:
        return None

    def poll(keeper: Keeper, clock: Callable[[], int], stop: threading.Event) -> None:
        run_pollers([_poller_of(keeper, fleet, clock) for fleet in fleets], stop)

    return poll


def mail_server_of(email: EmailConfig) -> MailServer | None:
    """The mail server, None without one."""
    if email.host is None or email.sender is None:
        return None
    return MailServer(
        host=email.host,
        port=email.port,
        sender=email.sender,
        security=Security(email.security),
        username=email.username,
        password=None if email.password is None else email.password.get_secret_value(),
        timeout_s=email.timeout_s,
        whole_s=email.timeout_s * _ANSWERS_OF_A_DELIVERY,
    )
