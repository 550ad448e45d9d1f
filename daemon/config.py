"""What an operator may set: every key of `hourkeeper.toml` with its type, range, default and meaning.

The models are strict and frozen; `load` fills them from file, environment and credentials. A key called
`file`, `*_file` or `*_folder` is a path; the attribute of a secret drops the `_file` (the key `mqtt.password_file` is
`config.mqtt.password`). The order of fields matters: a check that looks at another field finds only those
declared above it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from adapters.mqtt.source import reads
from daemon.config_aemp import AempConfig
from daemon.config_channels import ChannelConfig
from daemon.config_loading import ConfigError, Key, Setting, fill, settings
from daemon.config_table import Table as _Table
from daemon.config_table import shown as _shown
from daemon.config_values import (
    WEEK,
    Address,
    BytesPlace,
    Country,
    Day,
    HttpUrl,
    Label,
    Listen,
    MorningTime,
    OutTopic,
    Protocol,
    ReadableFile,
    ReadableFolder,
    Secret,
    StoreUrl,
    Text,
    Topic,
    Weekday,
    WeekdayOrOff,
    Zone,
    given,
    long_enough,
    needed,
    together,
)
from notifications.timing import Quiet

__all__ = ["Config", "ConfigError", "describe", "load", "markdown_table"]

Locale = Literal["zh-CN", "en"]
# A secret that a systemd credential may stand in for: the key that must be set for it to be wanted.
CREDENTIALS: dict[Key, Key | None] = {
    ("mqtt", "password_file"): None,
    ("influx", "token_file"): ("influx", "url"),
    ("notifications", "email", "password_file"): ("notifications", "email", "host"),
}
SMTP_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def default_store_url(environ: Mapping[str, str]) -> str:
    """URL of the SQLite file in systemd's state directory, else in the user's (XDG).

    RuntimeError if there is neither, nor a home directory.
    """
    given_by_systemd = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given_by_systemd:
        return f"sqlite:///{given_by_systemd}/hourkeeper.db"
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        state = Path(environ.get("HOME") or Path.home()) / ".local" / "state"
    return f"sqlite:///{state}/hourkeeper/hourkeeper.db"


_SPARKPLUG = re.compile(r"spBv1\.0/[^/#{}]+/\+(/[^/#{}]+)?/\{machine_id\}")


class StoreConfig(_Table):
    """`[store]`: the database."""

    url: StoreUrl = Field(
        default_factory=lambda: default_store_url(os.environ),
        repr=False,
        description="SQLAlchemy URL of the database, SQLite or PostgreSQL",
        json_schema_extra=_shown("SQLite file hourkeeper.db in $STATE_DIRECTORY, else in the XDG state home"),
    )


class TlsConfig(_Table):
    """`[mqtt.tls]`: TLS is spoken to the broker as soon as one of these is set."""

    ca_file: ReadableFile | None = Field(
        default=None, description="PEM file of the authorities the broker's certificate is checked against"
    )
    cert_file: ReadableFile | None = Field(default=None, description="PEM file of our certificate; goes with key_file")
    key_file: ReadableFile | None = Field(
        default=None,
        validate_default=True,
        description="PEM file of our certificate's private key; goes with cert_file",
    )

    @field_validator("key_file")
    @classmethod
    def _pair(cls, value: object, info: ValidationInfo) -> object:
        return together(value, info, "cert_file")

    @property
    def on(self) -> bool:
        """Whether the connection is to use TLS."""
        return self.ca_file is not None or self.cert_file is not None


class SourceConfig(_Table):
    """`[[mqtt.sources]]`: one topic and how its payload is read."""

    payload: Literal["json", "bytes", "sparkplug_b"] = Field(
        default="json", description="what a message is: `json`, `bytes` or `sparkplug_b`"
    )
    machine_id: Text | None = Field(
        default=None, description="path to the machine in the payload, for a topic that does not name it"
    )
    hours: Text = Field(
        default="hours",
        validate_default=True,
        description="path to the hours in the payload; a level {machine_id} in it stands for the name of the machine. "
        "Of `sparkplug_b` the name of the metric",
    )
    topic: Topic = Field(description="topic filter; the level {machine_id} stands for the machine")
    at: Text = Field(default="at", description="path to the device's time in the payload; it may be missing")
    unit: Literal["h", "min", "s", "ms", "0.05h", "hms"] = Field(
        default="h", description="unit of the hours: `h`, `min`, `s`, `ms`, `0.05h` or `hms` (HHHHH:MM:SS)"
    )
    at_format: Literal["iso", "s", "ms", "yymmddhhmmss"] = Field(
        default="iso",
        description="format of the time: `iso` (ISO 8601), `s` or `ms` since 1970, or `yymmddhhmmss` (twelve digits)",
    )
    hours_optional: bool = Field(
        default=False,
        description="whether messages without hours are about something else and passed over; else they are kept "
        "as malformed",
    )
    hours_bytes: BytesPlace | None = Field(
        default=None,
        validate_default=True,
        description="where the hours are not a number but bytes: which of them, such as `0:4` for the first four",
    )
    byte_order: Literal["little", "big"] = Field(
        default="little", description="of these bytes, whether the least (`little`) or the greatest comes first (`big`)"
    )
    bytes_as: Literal["base64", "hex"] = Field(default="base64", description="how bytes are written in JSON")

    @field_validator("topic")
    @classmethod
    def _names_machine(cls, topic: str, info: ValidationInfo) -> str:
        inside = given(info, "machine_id") or "{machine_id}" in str(info.data.get("hours"))
        payload = info.data.get("payload")
        if payload == "sparkplug_b" and _SPARKPLUG.fullmatch(topic) is None:
            raise ValueError("should be spBv1.0/+/+/+/{machine_id}, or of edge nodes spBv1.0/+/+/{machine_id}")
        if "{machine_id}" not in topic and (not inside or payload != "json"):
            raise ValueError("should have the level {machine_id}, unless machine_id is set")
        return topic

    @field_validator("hours_bytes")
    @classmethod
    def _which_bytes(cls, place: str | None, info: ValidationInfo) -> str | None:
        if place is None and info.data.get("payload") == "bytes":
            raise needed("payload")
        return place


class NextServiceConfig(_Table):
    """`[mqtt.next_service]`: a retained message per machine about its next service; off unless topic is set."""

    topic: OutTopic | None = Field(
        default=None,
        description="topic of a machine's message, such as `hourkeeper/machines/{machine_id}/next-service`",
        json_schema_extra=_shown("off"),
    )
    every_s: float = Field(
        default=10.0, gt=0, le=3600, description="seconds between two looks at which machines have changed"
    )
    home_assistant: OutTopic | None = Field(
        default=None,
        description="Home Assistant's discovery prefix (`homeassistant`), so that it finds the machines by itself",
        json_schema_extra=_shown("off"),
    )

    @field_validator("topic")
    @classmethod
    def _names_machine(cls, topic: str | None) -> str | None:
        if topic is not None and "{machine_id}" not in topic:
            raise ValueError("should have the level {machine_id}")
        return topic

    @field_validator("home_assistant")
    @classmethod
    def _has_topic(cls, prefix: str | None, info: ValidationInfo) -> str | None:
        if prefix is not None and "{machine_id}" in prefix:
            raise ValueError("should not have {machine_id}")
        return prefix if prefix is None else str(together(prefix, info, "topic"))


class MqttConfig(_Table):
    """`[mqtt]`: the broker and what is read from it."""

    host: Text = Field(default="localhost", description="name or address of the broker")
    port: int = Field(default=1883, ge=1, le=65535, description="TCP port of the broker")
    username: Text | None = Field(default=None, description="name to log in with")
    password: Secret | None = Field(
        default=None,
        alias="password_file",
        description="file with the password; else the systemd credential `mqtt.password`",
    )
    client_id: Text = Field(default="hourkeeper", description="names our session on the broker")
    group: Label | None = Field(
        default=None, description="name of the shared subscription that several replicas read; needs slot"
    )
    slot: Label | None = Field(
        default=None,
        validate_default=True,
        description="name of this replica's place in the group; the client id used is client_id-slot",
    )
    protocol: Protocol = Field(default="5", description="MQTT version: `5`, or `3.1.1` (also written `4`)")
    keepalive: int = Field(default=60, ge=5, le=65535, description="seconds between signs of life")
    receive_maximum: int = Field(
        default=2000, ge=1, le=65535, description="messages the broker may send ahead of our acknowledgement"
    )
    batch: int = Field(
        default_factory=lambda data: min(1000, data["receive_maximum"]),
        ge=1,
        description="most readings in one transaction; at most receive_maximum",
        json_schema_extra=_shown("1000"),
    )
    max_payload_bytes: int = Field(
        default=4096, ge=64, le=1 << 20, description="bytes from which a payload is refused as too long"
    )
    tls: TlsConfig = Field(default_factory=TlsConfig, description="TLS to the broker")
    sources: tuple[SourceConfig, ...] = Field(
        default=(SourceConfig(topic="machines/{machine_id}/hours"),),
        strict=False,
        description="topics to read, each with the layout of its payload",
        json_schema_extra=_shown("one source: topic machines/{machine_id}/hours"),
    )
    next_service: NextServiceConfig = Field(
        default_factory=NextServiceConfig, description="what machines' own displays are told"
    )

    @field_validator("slot")
    @classmethod
    def _slot_for_group(cls, slot: str | None, info: ValidationInfo) -> str | None:
        if slot is None and given(info, "group"):
            raise needed("group")
        return slot

    @field_validator("sources")
    @classmethod
    def _any_source(cls, sources: tuple[SourceConfig, ...]) -> tuple[SourceConfig, ...]:
        if not sources:
            raise ValueError("should have at least one source")
        return sources

    @field_validator("next_service")
    @classmethod
    def _is_not_read(cls, told: NextServiceConfig, info: ValidationInfo) -> NextServiceConfig:
        for source in info.data.get("sources", ()):
            if told.topic is not None and reads(source.topic, told.topic):
                raise ValueError(f"should have a topic that no source reads; {source.topic} would read it")
        return told

    @field_validator("batch")
    @classmethod
    def _fits_window(cls, batch: int, info: ValidationInfo) -> int:
        window = info.data.get("receive_maximum", batch)
        if batch > window:
            raise ValueError(f"should be at most receive_maximum, {window}")
        return batch

    @property
    def full_client_id(self) -> str:
        """The client id to connect with: fixed per slot, so that each replica finds its own session again."""
        return self.client_id if self.slot is None else f"{self.client_id}-{self.slot}"


class PlanConfig(_Table):
    """`[plan]`: what is due when."""

    file: ReadableFile | None = Field(
        default=None, description="the maintenance plan (TOML)", json_schema_extra=_shown("shipped")
    )
    items_file: ReadableFile | None = Field(
        default=None, description="work items, materials and check sheets (TOML)", json_schema_extra=_shown("shipped")
    )
    winter_file: ReadableFile | None = Field(
        default=None, description="winter windows by region (CSV)", json_schema_extra=_shown("shipped")
    )


class InfluxConfig(_Table):
    """`[influx]`: the copy of the readings; off unless url is set; then org, bucket and token_file are needed, too."""

    url: HttpUrl | None = Field(default=None, description="address of InfluxDB 2", json_schema_extra=_shown("off"))
    org: Text | None = Field(default=None, validate_default=True, description="organisation written to")
    bucket: Text | None = Field(default=None, validate_default=True, description="bucket written to")
    token: Secret | None = Field(
        default=None,
        alias="token_file",
        validate_default=True,
        description="file with the access token; else the systemd credential `influx.token`",
    )
    batch: int = Field(default=2000, ge=1, le=5000, description="most points in one request")
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="longest wait for an answer in seconds")
    ca_file: ReadableFile | None = Field(
        default=None, description="PEM file of the authorities the server's certificate is checked against"
    )

    @field_validator("org", "bucket", "token")
    @classmethod
    def _all_or_none(cls, value: object, info: ValidationInfo) -> object:
        return together(value, info, "url")


class WebConfig(_Table):
    """`[web]`: pages and API."""

    listen: Listen = Field(
        default="127.0.0.1:8080", description="host:port to serve on; IPv6 in brackets, port 0 takes any"
    )
    public_url: HttpUrl | None = Field(
        default=None, description="address under which people reach us, for links in notices"
    )

    session_hours: float = Field(default=12.0, gt=0, le=24 * 31, description="hours until one has to log in again")
    link_days: int = Field(default=30, ge=1, le=366, description="days for which the link in a notice opens its order")
    max_body_kb: int = Field(default=512, ge=16, le=65536, description="longest request taken, in kB")
    max_upload_kb: int = Field(
        default=16384, ge=1024, le=262144, description="longest form with photos that is taken, in kB"
    )
    calendar_days: int = Field(
        default=60, ge=1, le=732, description="days ahead that a service centre's calendar shows (`centres feed`)"
    )
    trusted_proxies: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="addresses of proxies that have logged people in already, and say so in user_header",
        json_schema_extra=_shown("none"),
    )
    user_header: Text | None = Field(
        default=None,
        description="header in which a trusted proxy names who is logged in, such as `Remote-User`",
        json_schema_extra=_shown("off"),
    )

    @property
    def address(self) -> str:
        """Where people find the page: `public_url`, or what is listened on."""
        return str(self.public_url or f"http://{self.listen}").rstrip("/")

    @property
    def host(self) -> str:
        """The host part of listen, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of listen; 0 means any free one."""
        return int(self.listen.rpartition(":")[2])


class ManagerConfig(_Table):
    """`[[notifications.managers]]`: somebody who is told what is overdue."""

    name: Text = Field(description="name to address the manager by")
    email: Address | None = Field(default=None, description="e-mail address")
    phone: Text | None = Field(default=None, description="phone, for channels that reach one")
    locale: Locale | None = Field(
        default=None,
        description="language of the letters: `zh-CN` or `en`",
        json_schema_extra=_shown("notifications.locale"),
    )
    service_centres: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="only machines of these service centres",
        json_schema_extra=_shown("all"),
    )
    regions: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="only machines in these regions",
        json_schema_extra=_shown("all"),
    )
    zone: Zone | None = Field(
        default=None,
        description="time zone of the manager's mornings and quiet hours",
        json_schema_extra=_shown("the plan's"),
    )


class QuietConfig(_Table):
    """`[notifications.quiet]`: the hours in which only what is overdue is told; off unless both are set."""

    begins: MorningTime | None = Field(
        default=None,
        alias="from",
        description="local time from which nothing is sent that can wait, HH:MM",
        json_schema_extra=_shown("off"),
    )
    ends: MorningTime | None = Field(
        default=None,
        alias="to",
        validate_default=True,
        description="local time until which it waits, on the next day if it is the earlier one",
        json_schema_extra=_shown("off"),
    )

    @field_validator("ends")
    @classmethod
    def _both(cls, ends: time | None, info: ValidationInfo) -> time | None:
        if ends is None and given(info, "begins"):
            raise needed("from")
        if ends is not None and not given(info, "begins"):
            raise ValueError("should not be set without from")
        if ends is not None and ends == info.data.get("begins"):
            raise ValueError("should be another time than from")
        return ends


class EmailConfig(_Table):
    """`[notifications.email]`: the mail server; off unless host is set."""

    host: Text | None = Field(
        default=None, description="name of the mail server (SMTP)", json_schema_extra=_shown("off")
    )
    security: Literal["none", "starttls", "tls"] = Field(default="starttls", description="`none`, `starttls` or `tls`")
    port: int = Field(
        default_factory=lambda data: SMTP_PORTS[data["security"]],
        ge=1,
        le=65535,
        description="TCP port of the mail server",
        json_schema_extra=_shown("by security: 25, 587, 465"),
    )
    username: Text | None = Field(default=None, description="name to log in with; goes with password_file")
    password: Secret | None = Field(
        default=None,
        alias="password_file",
        validate_default=True,
        description="file with the password; else the systemd credential `notifications.email.password`",
    )
    sender: Address | None = Field(
        default=None, validate_default=True, description="address the letters come from; needed with host"
    )
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="seconds to wait for the mail server")

    @field_validator("password")
    @classmethod
    def _login(cls, value: object, info: ValidationInfo) -> object:
        return together(value, info, "username")

    @field_validator("sender")
    @classmethod
    def _sender_for_host(cls, value: object, info: ValidationInfo) -> object:
        return together(value, info, "host")


class NotificationsConfig(_Table):
    """`[notifications]`: who is told, when, and over which channel."""

    locale: Locale = Field(default="zh-CN", description="language of whoever has none of their own: `zh-CN`, `en`")
    escalate_after_days: int = Field(
        default=7, ge=1, le=365, description="days overdue without acknowledgement until managers hear again"
    )
    remind_every_days: int = Field(default=7, ge=1, le=365, description="days between reminders of what is overdue")
    group_wait_s: float = Field(
        default=60.0, ge=0, le=3600, description="seconds a notice waits for others that belong with it"
    )
    morning_at: MorningTime = Field(
        default=time(8), description="local time from which the day's letters go out, HH:MM"
    )
    quiet: QuietConfig = Field(
        default_factory=QuietConfig, description="the hours in which only what is overdue is told"
    )
    working_days: tuple[Weekday, ...] = Field(
        default=WEEK,
        strict=False,
        description="days of the week on which people are reminded of what can wait, and told of what opens",
        json_schema_extra=_shown("every day"),
    )
    holidays: Country | None = Field(
        default=None,
        description="country whose public holidays are no working days, and whose make-up days are: `CN`, `DE-BY`",
    )
    extra_holidays: tuple[Day, ...] = Field(
        default=(), strict=False, description="dates that are no working days", json_schema_extra=_shown("none")
    )
    extra_working_days: tuple[Day, ...] = Field(
        default=(), strict=False, description="dates that are working days", json_schema_extra=_shown("none")
    )
    digest_on: WeekdayOrOff = Field(
        default="mon", description="day of the week on whose morning managers get the weekly digest, or `off`"
    )
    max_attempts: int = Field(
        default=12, ge=1, le=1000, description="attempts to send a notice until it counts as failed"
    )
    log: bool = Field(default=True, description="also write every notice to the log")
    templates_folder: ReadableFolder | None = Field(
        default=None,
        description="folder of letter templates (`visit_due.j2`, `zh-CN/visit_due.j2`) that replace ours of that name",
    )
    managers: tuple[ManagerConfig, ...] = Field(
        default=(),
        strict=False,
        description="managers who are told what is overdue",
        json_schema_extra=_shown("none"),
    )
    email: EmailConfig = Field(default_factory=EmailConfig, description="the mail server")
    channels: tuple[ChannelConfig, ...] = Field(
        default=(),
        strict=False,
        description="further ways to tell people, besides e-mail",
        json_schema_extra=_shown("none"),
    )

    @field_validator("channels")
    @classmethod
    def _names_differ(cls, channels: tuple[ChannelConfig, ...]) -> tuple[ChannelConfig, ...]:
        names = [each.name for each in channels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"should not have two channels called {twice[0]}")
        return channels

    @field_validator("working_days")
    @classmethod
    def _any_day(cls, days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if not days:
            raise ValueError("should have at least one day")
        return days

    @field_validator("quiet")
    @classmethod
    def _morning_is_not_quiet(cls, quiet: QuietConfig, info: ValidationInfo) -> QuietConfig:
        morning = info.data.get("morning_at")
        if quiet.begins and quiet.ends and morning is not None and morning in Quiet(quiet.begins, quiet.ends):
            raise ValueError(f"should not include morning_at, {morning:%H:%M}")
        return quiet

    @field_validator("extra_working_days")
    @classmethod
    def _not_both(cls, days: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        both = sorted(set(days) & set(info.data.get("extra_holidays", ())))
        if both:
            raise ValueError(f"should not have {both[0]}: it is one of extra_holidays")
        return days


class RetentionConfig(_Table):
    """`[retention]`: for how long what proves nothing is kept; everything else is kept for ever."""

    readings_days: int = Field(
        default=1826,
        description="days after which only the last accepted reading of a machine and day is kept, and those by hand"
        " or decided on; at least 366, 0: all for ever",
    )
    payloads_days: int = Field(
        default=366,
        description="days after which the raw payload of a refused reading goes, its verdict and reason stay;"
        " at least 30, 0: for ever",
    )

    @field_validator("readings_days")
    @classmethod
    def _a_year(cls, days: int) -> int:
        return long_enough(days, 366)

    @field_validator("payloads_days")
    @classmethod
    def _a_month(cls, days: int) -> int:
        return long_enough(days, 30)


class LogConfig(_Table):
    """`[log]`: what the daemon says about itself."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least weight logged: `debug`, `info`, `warning` or `error`"
    )
    format: Literal["text", "json"] = Field(default="text", description="`text` for people, `json` for machines")


class Config(_Table):
    """Everything an operator may set."""

    store: StoreConfig = Field(default_factory=StoreConfig, description="the database")
    mqtt: MqttConfig = Field(default_factory=MqttConfig, description="the broker")
    plan: PlanConfig = Field(default_factory=PlanConfig, description="what is due when")
    aemp: AempConfig = Field(default_factory=AempConfig, description="fleets that a maker's server knows")
    influx: InfluxConfig = Field(default_factory=InfluxConfig, description="the copy of the readings")
    web: WebConfig = Field(default_factory=WebConfig, description="pages and API")
    notifications: NotificationsConfig = Field(
        default_factory=NotificationsConfig, description="who is told, when and how"
    )
    retention: RetentionConfig = Field(
        default_factory=RetentionConfig, description="for how long what proves nothing is kept"
    )
    log: LogConfig = Field(default_factory=LogConfig, description="what the daemon says about itself")


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration from `path` (else `HOURKEEPER_CONFIG`, else `./hourkeeper.toml` if there is one, else
    the defaults) with the `HOURKEEPER_*` variables of `environ` over it; ConfigError names every problem.
    """
    return fill(Config, path, environ, CREDENTIALS, {("store", "url"): partial(default_store_url, environ)})


def describe() -> list[tuple[str, str, str]]:
    """Every key, dotted, with its default as text and its meaning; `[]` marks the keys of a list's items."""
    lists = {each.key for each in settings(Config) if each.item}
    values = [each for each in settings(Config) if not each.table]
    return [(_dotted(each.key, lists), _default(each), each.field.description or "") for each in values]


def markdown_table() -> str:
    """The table of settings that the README carries between `<!-- settings -->` and `<!-- /settings -->`."""
    rows = [f"| `{key}` | {default} | {meaning} |" for key, default, meaning in describe()]
    return "\n".join(["| key | default | |", "|---|---|---|", *rows]) + "\n"


def _dotted(key: Key, lists: set[Key]) -> str:
    words = [f"{word}[]" if key[: at + 1] in lists else word for at, word in enumerate(key[:-1])]
    return ".".join([*words, key[-1]])


def _default(setting: Setting) -> str:
    """The default as an operator would write it; words for one that has no value of its own."""
    extra, value = setting.field.json_schema_extra, setting.field.default
    if isinstance(extra, dict):
        return str(extra["default_text"])
    if setting.field.is_required():
        return "required"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "\N{EN DASH}" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
