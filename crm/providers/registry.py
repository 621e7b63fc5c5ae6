"""All providers, in the order of choice. A new one is a folder and a line."""

from __future__ import annotations

from functools import partial

from babel.lists import format_list

from crm.accounts.models import Organization
from crm.accounts.rules import register_secret, register_setting
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.providers.base import Gateway, Provider
from crm.providers.console.provider import CONSOLE
from crm.providers.mailgun.provider import MAILGUN
from crm.providers.manual.provider import MANUAL
from crm.providers.postmark.provider import POSTMARK
from crm.providers.resend.provider import RESEND
from crm.providers.sendgrid.provider import SENDGRID
from crm.providers.smtp.provider import SMTP
from crm.providers.twilio.provider import TWILIO
from crm.providers.whatsapp_cloud.provider import WHATSAPP_CLOUD
from crm.values import language
from crm.values.language import gettext as _

_PROVIDERS: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Add a provider, before the application is created."""
    _PROVIDERS[provider.name] = provider
    for secret in provider.account.secrets if provider.account else ():
        register_secret(secret.name, secret.parse)


def unregister(provider: Provider) -> None:
    del _PROVIDERS[provider.name]


def all_providers() -> tuple[Provider, ...]:
    return tuple(_PROVIDERS.values())


def provider_named(name: str) -> Provider:
    """Look up by name; raises LookupError."""
    return _PROVIDERS[name]


def providers_for(channel: Channel) -> list[Provider]:
    return [provider for provider in all_providers() if provider.gateway.carries(channel)]


def gateway_named(name: str) -> Gateway:
    """Look up by name; raises LookupError."""
    return provider_named(name).gateway


def gateway_of(organization: Organization, channel: Channel) -> Gateway:
    """Look up by name; raises LookupError."""
    return gateway_named(channel.gateway_name(organization))


def needs_approval(organization: Organization, channel: Channel) -> bool:
    """Whether the provider takes what opens a conversation, and marketing, only as an approved template."""
    if not channel.has_approved_templates:
        return False
    try:
        return gateway_of(organization, channel).keeps_window
    except LookupError:
        return False


def max_calls(organization: Organization) -> int:
    chosen = {channel.gateway_name(organization) for channel in all_channels()}
    return min((_PROVIDERS[name].gateway.max_calls for name in chosen if name in _PROVIDERS), default=1)


def _gateway_setting(channel: Channel, value: str) -> str:
    if value not in _PROVIDERS:
        names = format_list(list(_PROVIDERS), "or", language.current().locale)
        raise ValueError(_("There is no gateway “%(value)s”. Use %(names)s.", value=value, names=names))
    if not gateway_named(value).carries(channel):
        labels = [str(other.label) for other in all_channels() if gateway_named(value).carries(other)]
        carried = format_list(labels, locale=language.current().locale)
        raise ValueError(
            _(
                "%(gateway)s sends only %(channels)s. Use another gateway for %(channel)s.",
                gateway=value,
                channels=carried,
                channel=channel.label,
            )
        )
    return value


for _provider in (MANUAL, CONSOLE, TWILIO, WHATSAPP_CLOUD, SMTP, POSTMARK, MAILGUN, SENDGRID, RESEND):
    register(_provider)

for _channel in all_channels():
    register_setting(_channel.gateway_setting, partial(_gateway_setting, _channel))
    register_setting(_channel.sender_setting, _channel.parse_sender)
    if _channel.reply_setting:
        register_setting(_channel.reply_setting, _channel.parse_sender)
