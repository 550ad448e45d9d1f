"""The channels besides e-mail, as the configuration says."""

from __future__ import annotations

import ssl

from daemon.config_channels import ChannelConfig
from notifications.channels.apprise_channel import AppriseChannel
from notifications.channels.channel import Channel
from notifications.channels.http_call import Caller
from notifications.channels.http_channel import HttpChannel
from notifications.channels.network import allowed
from notifications.channels.robots import ROBOTS, RobotChannel
from notifications.channels.webhook import WebhookChannel
from notifications.ways import Entry


def channel_of(channel: ChannelConfig, public_url: str) -> Channel:
    """One way out; `public_url` is how events name us."""
    secret = None if channel.secret is None else channel.secret.get_secret_value()
    if channel.kind == "webhook":
        secrets = (secret or "").split()
        return WebhookChannel(channel.name, channel.address, secrets, _caller(channel), public_url)
    if channel.kind == "http":
        return HttpChannel(channel.name, channel.message, _caller(channel), channel.taken_if, channel.permanent_if)
    if channel.kind == "apprise":
        return AppriseChannel(channel.name, channel.address.split())
    return RobotChannel(channel.name, ROBOTS[channel.kind], channel.address, secret, _caller(channel))


def _caller(channel: ChannelConfig) -> Caller:
    context = None if channel.ca_file is None else ssl.create_default_context(cafile=channel.ca_file)
    return Caller(allowed(channel.allow), channel.timeout_s, context)


def entry_of(channel: ChannelConfig) -> Entry:
    """Who is told by it."""
    robot = ROBOTS.get(channel.kind)
    return Entry(
        name=channel.name,
        by_phone=channel.reaches_phones,
        only_without_email=channel.only_without_email,
        roles=frozenset(channel.roles),
        recipients=frozenset(channel.recipients),
        service_centres=frozenset(channel.service_centres),
        regions=frozenset(channel.regions),
        occasions=frozenset(channel.occasions),
        rate_per_minute=channel.rate_per_minute or (robot.rate_per_minute if robot else None),
    )
