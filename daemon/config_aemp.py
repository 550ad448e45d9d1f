"""`[[aemp.fleets]]`: fleets that a maker's server knows, which is asked for their hours (ISO/TS 15143-3)."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from daemon.config_table import Table, shown
from daemon.config_values import CallUrl, ChannelName, ReadableFile, Secret, Text, Trusted, given, needed
from notifications.channels.network import allowed


class FleetConfig(Table):
    """One fleet on one server."""

    name: ChannelName = Field(description="names the fleet in logs and on the page of health")
    allow: tuple[Trusted, ...] = Field(
        default=(),
        strict=False,
        description="hosts and networks (`10.0.0.0/8`) that may be asked although they are internal, also by http",
        json_schema_extra=shown("none"),
    )
    url: CallUrl = Field(description="address of the first page, such as `https://api.maker.example/fleet/1`; https")
    token: Secret | None = Field(
        default=None,
        alias="token_file",
        description="file with a bearer token that the maker gave out; instead of token_url",
    )
    token_url: CallUrl | None = Field(
        default=None,
        validate_default=True,
        description="address that gives tokens to clients (OAuth2, client credentials); https",
    )
    client_id: Text | None = Field(default=None, validate_default=True, description="our name there")
    client_secret: Secret | None = Field(
        default=None, alias="client_secret_file", validate_default=True, description="file with our secret there"
    )
    client_auth: Literal["header", "body"] = Field(
        default="header", description="where the secret stands: in the `header` (Basic), or in the `body`"
    )
    scope: Text | None = Field(default=None, description="scope to ask for, where the maker wants one")
    machine_id: Literal["pin", "serial_number", "equipment_id"] = Field(
        default="serial_number",
        description="which number in EquipmentHeader is ours: `pin`, `serial_number` or `equipment_id`",
    )
    prefix: Text | None = Field(
        default=None,
        description="what the maker writes before our number, and is taken off",
        json_schema_extra=shown("none"),
    )
    every_minutes: int = Field(default=60, ge=1, le=1440, description="minutes between two rounds through the pages")
    timeout_s: float = Field(default=60.0, gt=0, le=600, description="seconds that one answer may take in all")
    ca_file: ReadableFile | None = Field(
        default=None,
        description="PEM file of the authorities that certificates are checked against",
        json_schema_extra=shown("the system's"),
    )

    @field_validator("url", "token_url")
    @classmethod
    def _secured(cls, url: str | None, info: ValidationInfo) -> str | None:
        parts = urlsplit(url or "")
        if parts.scheme == "http" and not allowed(info.data.get("allow", ())).names(parts.hostname or ""):
            raise ValueError("should begin with https://, unless its host is named in allow")
        return url

    @field_validator("token_url")
    @classmethod
    def _one_login(cls, token_url: str | None, info: ValidationInfo) -> str | None:
        if token_url is None and info.data.get("token", "bad") is None:
            raise PydanticCustomError("together", "needed, or token_file")
        if token_url is not None and given(info, "token"):
            raise ValueError("should not be set beside token_file")
        return token_url

    @field_validator("client_id", "client_secret")
    @classmethod
    def _client(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.data.get("token_url") is not None:
            raise needed("token_url")
        return value


class AempConfig(Table):
    """`[aemp]`: servers of makers that are asked."""

    fleets: tuple[FleetConfig, ...] = Field(
        default=(), strict=False, description="fleets that are asked for their hours", json_schema_extra=shown("none")
    )

    @field_validator("fleets")
    @classmethod
    def _names_differ(cls, fleets: tuple[FleetConfig, ...]) -> tuple[FleetConfig, ...]:
        names = [each.name for each in fleets]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"should not have two fleets called {twice[0]}")
        return fleets
