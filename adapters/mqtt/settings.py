"""How to reach the broker."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """How to reach the broker; lengths of time in seconds, `batch` and `receive_maximum` in messages."""

    host: str = "localhost"
    port: int = 1883
    client_id: str = "hourkeeper"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    group: str | None = None
    version_5: bool = True
    keepalive_s: int = 60
    receive_maximum: int = 2000
    batch: int = 1000
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    status_topic: str = "hourkeeper/status"


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """The TLS that the settings ask for."""
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context
