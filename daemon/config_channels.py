"""`[[notifications.channels]]`: further ways to tell people, and who is told by them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from daemon.config_table import Table, shown
from daemon.config_values import CallUrl, ChannelName, ReadableFile, Secret, Text, Trusted, given
from notifications.channels.webhook import key_of
from notifications.occasions import Occasion, Role

RoleName = Annotated[Role, Field(strict=False)]
OccasionName = Annotated[Occasion, Field(strict=False)]
_ROLES = ", ".join(f"`{role}`" for role in Role)


class ChannelConfig(Table):
    """One way to tell people besides e-mail."""

    name: ChannelName = Field(description="names the channel in lists and logs; not `email` or `log`")
    kind: Literal["webhook", "wecom", "dingtalk", "feishu"] = Field(
        description="`webhook` (Standard Webhooks, for programs), or a group robot: `wecom`, `dingtalk`, `feishu`"
    )
    url: CallUrl | None = Field(default=None, description="address to call; https, unless its host is in allow")
    url_file: Secret | None = Field(
        default=None, validate_default=True, description="file with the address instead: a robot's holds its key"
    )
    secret: Secret | None = Field(
        default=None,
        alias="secret_file",
        validate_default=True,
        description="file with the secret that signs; for a webhook one `whsec_` a line, all of which sign, so that a"
        " secret can be exchanged",
    )
    roles: tuple[RoleName, ...] = Field(
        default=(), strict=False, description=f"only who is told as one of {_ROLES}", json_schema_extra=shown("all")
    )
    recipients: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="only these centres, yards, customers or managers, by code or name",
        json_schema_extra=shown("all"),
    )
    service_centres: tuple[Text, ...] = Field(
        default=(), strict=False, description="only machines of these service centres", json_schema_extra=shown("all")
    )
    regions: tuple[Text, ...] = Field(
        default=(), strict=False, description="only machines in these regions", json_schema_extra=shown("all")
    )
    occasions: tuple[OccasionName, ...] = Field(
        default=(),
        strict=False,
        description="only on these occasions, such as `visit_overdue`",
        json_schema_extra=shown("all"),
    )
    rate_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=6000,
        description="most letters in a minute, whichever relay sends them",
        json_schema_extra=shown("20 for wecom and dingtalk, 100 for feishu, else unlimited"),
    )
    timeout_s: float = Field(default=15.0, gt=0, le=120, description="seconds that one call may last in all")
    allow: tuple[Trusted, ...] = Field(
        default=(),
        strict=False,
        description="hosts and networks (`10.0.0.0/8`) that may be called although they are internal, also by http",
        json_schema_extra=shown("none"),
    )
    ca_file: ReadableFile | None = Field(
        default=None,
        description="PEM file of the authorities that certificates are checked against",
        json_schema_extra=shown("the system's"),
    )

    @field_validator("url_file")
    @classmethod
    def _one_url(cls, url: Secret | None, info: ValidationInfo) -> Secret | None:
        if url is None and info.data.get("url", "bad") is None:
            raise PydanticCustomError("together", "needed, or url")
        if url is not None and given(info, "url"):
            raise ValueError("should not be set beside url")
        return url

    @field_validator("secret")
    @classmethod
    def _signs(cls, secret: Secret | None, info: ValidationInfo) -> Secret | None:
        if info.data.get("kind") == "webhook":
            if secret is None:
                raise PydanticCustomError("together", "needed for a webhook")
            for line in secret.get_secret_value().split():
                key_of(line)
        return secret

    @property
    def address(self) -> str:
        """The url, wherever it was given."""
        return self.url or (self.url_file.get_secret_value() if self.url_file else "")
