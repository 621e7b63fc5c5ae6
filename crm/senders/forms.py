"""The forms of senders, built from channels and providers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from wtforms import BooleanField, Field, PasswordField, RadioField, StringField, ValidationError

from crm.accounts.queries import current_organization
from crm.accounts.rules import parse_setting
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import NAMES, all_channels, channel_named, choose
from crm.providers.base import Account
from crm.providers.registry import all_providers, providers_for
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form, Required, options


class Parsed:
    """Validates a setting or secret as every other way of changing it does."""

    def __call__(self, form: Any, field: Field) -> None:
        try:
            parse_setting(field.name, field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


class SendersForm(Form):
    """Gateways and accounts; secrets are write-only, and kept when left empty."""

    def needs(self, provider: str, known: Collection[str]) -> bool:
        """Whether the account is chosen but incomplete, or has an error."""
        account = accounts()[provider]
        settings = [channel.gateway_setting for channel in all_channels() if channel.gateway_setting]
        is_chosen = provider in [self[setting].data for setting in settings]
        return any(self[name].errors for name in account.names) or (is_chosen and account.names[0] not in known)

    def values(self) -> dict[str, str]:
        """Return sent settings and changed secrets, as text."""
        settings = [name for channel in all_channels() for name in (channel.gateway_setting, channel.sender_setting)]
        values = {name: self[name].data or "" for name in settings if name and self[name].raw_data}
        for provider, account in accounts().items():
            names = account.names
            typed = {name: self[name].data.strip() for name in names if (self[name].data or "").strip()}
            values |= dict.fromkeys(names, "") if self[f"remove_{provider}"].data else typed
        return values


def senders_form(*args: Any, **kwargs: Any) -> SendersForm:
    """Build the form with the fields of all channels and accounts."""
    fields: dict[str, Field] = {}
    for channel in all_channels():
        if channel.gateway_setting:
            fields[channel.gateway_setting] = _gateway(channel)
        if channel.sender_setting:
            fields[channel.sender_setting] = StringField(
                _("%(channel)s sender number", channel=channel.label), [Parsed()]
            )
    for provider, account in accounts().items():
        fields |= {secret.name: PasswordField(secret.label, [Parsed()]) for secret in account.secrets}
        fields[f"remove_{provider}"] = BooleanField(_("Remove this account"))
    made: SendersForm = type("SendersForm", (SendersForm,), fields)(*args, **kwargs)
    return made


def accounts() -> dict[str, Account]:
    return {provider.name: provider.account for provider in all_providers() if provider.account}


def _gateway(channel: Channel) -> Field:
    choices = options((provider.name, provider.label) for provider in providers_for(channel))
    return RadioField(channel.label, [Parsed()], choices=choices, validate_choice=False)


class SenderTestForm(Form):
    channel = RadioField(N_("Send by"), validate_choice=False)
    to = StringField(N_("To"), [Required(N_("Enter the number to send it to."))])
    address = ""
    """The stored form, after validation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel.choices = options((channel, channel.label) for channel in all_channels())
        if self.channel.data is None:
            self.channel.data = NAMES[0]

    def validate_channel(self, field: Field) -> None:
        if field.data not in NAMES:
            raise ValidationError(choose())

    def validate_to(self, field: Field) -> None:
        if not field.data:
            return
        channel = channel_named(self.channel.data if self.channel.data in NAMES else NAMES[0])
        self.address, problem = channel.addresses.read(field.data, current_organization().phone_region)
        if problem:
            raise ValidationError(problem)
