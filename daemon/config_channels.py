"""`[[notifications.channels]]`: further ways to tell people, and who is told by them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from daemon.config_table import Table, shown
from daemon.config_values import CallUrl, ChannelName, Pattern, ReadableFile, Secret, Text, Trusted, given
from notifications.channels.apprise_channel import check_urls
from notifications.channels.message_template import Form, MessageTemplate, headers_of
from notifications.channels.webhook import key_of
from notifications.occasions import Occasion, Role

RoleName = Annotated[Role, Field(strict=False)]
OccasionName = Annotated[Occasion, Field(strict=False)]
_ROLES = ", ".join(f"`{role}`" for role in Role)


class ChannelConfig(Table):
    """One way to tell people besides e-mail."""

    name: ChannelName = Field(description="names the channel in lists and logs; not `email` or `log`")
    kind: Literal["webhook", "wecom", "dingtalk", "feishu", "http", "apprise"] = Field(
        description="`webhook` (Standard Webhooks, for programs); a group robot: `wecom`, `dingtalk`, `feishu`; `http`"
        " (any gateway for SMS or calls, as url and body say); `apprise` (what Apprise knows; with the extra `apprise`)"
    )
    url: CallUrl | None = Field(
        default=None,
        description="address to call; https, unless its host is in allow; for http its path and query may have"
        " placeholders (`?to={{phone}}`)",
    )
    url_file: Secret | None = Field(
        default=None,
        validate_default=True,
        description="file with the address instead: a robot's holds its key; for apprise one of its URLs a line",
    )
    secret: Secret | None = Field(
        default=None,
        alias="secret_file",
        validate_default=True,
        description="file with the secret that signs; for a webhook one `whsec_` a line, all of which sign, so that a"
        " secret can be exchanged",
    )
    method: Literal["GET", "POST", "PUT"] = Field(default="POST", description="how an http channel calls")
    format: Literal["json", "form", "xml", "text"] = Field(
        default="json", description="what an http channel's body is: a placeholder's value is written as that wants it"
    )
    body: str | None = Field(
        default=None,
        description="what an http channel sends: a Jinja template with `phone`, `email`, `name`, `subject`, `text`,"
        " `occasion`, `role`, `recipient`, `locale`, `orders`, `findings`, `letter_id`, `timestamp`, `secret` (of"
        " secret_file) and the filters `md5`, `sha256`, `hmac_sha256(key)`; in JSON a placeholder is a whole value:"
        ' `{"to": {{ phone }}, "text": {{ subject }}}`',
        json_schema_extra=shown("none"),
    )
    headers: Secret | None = Field(
        default=None,
        alias="headers_file",
        validate_default=True,
        description="file with the headers of an http channel, such as `Authorization: Bearer ...`, one a line",
    )
    taken_if: Pattern | None = Field(
        default=None,
        description="regular expression that an http answer contains if the message was taken, for gateways that answer"
        " 200 to what they refuse",
        json_schema_extra=shown("any 2xx answer"),
    )
    permanent_if: Pattern | None = Field(
        default=None,
        description="regular expression that an http answer contains if another attempt would be refused, too",
        json_schema_extra=shown("what the HTTP status says"),
    )
    by_phone: bool | None = Field(
        default=None,
        description="an http channel reaches each recipient's own phone, and nobody without one",
        json_schema_extra=shown("true for http"),
    )
    only_without_email: bool = Field(default=False, description="only who has no e-mail address")
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

    @field_validator("url_file")
    @classmethod
    def _understood(cls, urls: Secret | None, info: ValidationInfo) -> Secret | None:
        if info.data.get("kind") == "apprise":
            if urls is None:
                raise PydanticCustomError("together", "needed for apprise")
            check_urls(urls.get_secret_value())
        return urls

    @field_validator("headers")
    @classmethod
    def _writable(cls, headers: Secret | None) -> Secret | None:
        if headers is not None:
            headers_of(headers.get_secret_value())
        return headers

    @field_validator("by_phone")
    @classmethod
    def _can_call(cls, by_phone: object, info: ValidationInfo) -> object:
        if by_phone and info.data.get("kind", "http") != "http":
            raise ValueError("is for http only")
        return by_phone

    @model_validator(mode="after")
    def _writes(self) -> ChannelConfig:
        if self.kind == "http":
            self.message.check()
        return self

    @property
    def message(self) -> MessageTemplate:
        """What an http channel sends."""
        headers = headers_of("" if self.headers is None else self.headers.get_secret_value())
        secret = "" if self.secret is None else self.secret.get_secret_value()
        return MessageTemplate(self.address, self.body or "", Form(self.format), headers, self.method, secret)

    @property
    def reaches_phones(self) -> bool:
        """Whether it reaches each recipient's own phone, rather than one place."""
        return self.kind == "http" if self.by_phone is None else self.by_phone

    @property
    def address(self) -> str:
        """The url, wherever it was given."""
        return self.url or (self.url_file.get_secret_value() if self.url_file else "")
