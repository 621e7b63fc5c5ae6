"""The forms of senders, built from channels and providers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wtforms import BooleanField, Field, PasswordField, RadioField, SelectField, StringField, ValidationError

from crm.accounts.queries import current_organization
from crm.accounts.rules import UNLIMITED, WHATSAPP_LIMITS, parse_setting
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import NAMES, all_channels, channel_named, choose
from crm.providers.base import Provider
from crm.providers.registry import providers_for
from crm.values import money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form, Required, options

LIMITS = frozenset({"cap_day", "cap_month", "soft_opt_in", "whatsapp_limit", "warm_up"})
"""Settings of marketing, by whatever channel."""


class Parsed:
    """Validates a setting or secret as every other way of changing it does."""

    def __call__(self, form: Any, field: Field) -> None:
        try:
            parse_setting(field.name, str(field.data or ""))
        except ValueError as error:
            raise ValidationError(str(error)) from None


class SendersForm(Form):
    """Gateways and accounts of some channels; secrets are write-only, and kept when left empty."""

    channels: Sequence[Channel] = ()

    def values(self) -> dict[str, str]:
        """Return sent settings and changed secrets, as text."""
        settings = [name for channel in self.channels for name in settings_of(channel)]
        values = {name: self[name].data or "" for name in (*settings, *LIMITS) if name and self[name].raw_data}
        for provider in _providers(self.channels):
            names = provider.account.names if provider.account else ()
            typed = {name: self[name].data.strip() for name in names if (self[name].data or "").strip()}
            is_removed = names and self[f"remove_{provider.name}"].data
            values |= dict.fromkeys(names, "") if is_removed else typed
        return values

    def changed_channels(self) -> list[Channel]:
        """Return the channels that something was sent for."""
        sent = self.values()
        return [channel for channel in self.channels if sent.keys() & {*_names(channel)}]

    def choices(self) -> list[tuple[Field, Provider]]:
        """Return the choices of the form of one channel, with what each stands for; none without a choice."""
        (channel,) = self.channels
        setting = channel.gateway_setting
        return list(zip(self[setting], providers_for(channel), strict=True)) if setting else []

    def accounts(self) -> list[Provider]:
        return [provider for provider in _providers(self.channels) if provider.account]


def senders_form(channels: Sequence[Channel], **values: Any) -> SendersForm:
    """Build the form with the fields of channels and of their accounts."""
    fields: dict[str, Any] = {"channels": channels, **_limits()}
    for channel in channels:
        if channel.gateway_setting:
            fields[channel.gateway_setting] = _gateway(channel)
        if channel.sender_setting:
            label = _(channel.sender_label, channel=channel.label)
            fields[channel.sender_setting] = StringField(label, [Parsed()])
        if channel.reply_setting:
            fields[channel.reply_setting] = StringField(_("Answers go to"), [Parsed()])
    for provider in _providers(channels):
        if provider.account:
            fields |= {secret.name: PasswordField(secret.label, [Parsed()]) for secret in provider.account.secrets}
            fields[f"remove_{provider.name}"] = BooleanField(_("Remove this account"))
    made: SendersForm = type("SendersForm", (SendersForm,), fields)(**values)
    return made


def _limits() -> dict[str, Field]:
    yes_or_no = options([("no", _("No")), ("yes", _("Yes"))])
    locale = current_organization().locale
    limits = ((str(each), money.format_number(each, locale)) for each in WHATSAPP_LIMITS)
    return {
        "cap_day": StringField(_("Marketing messages to a customer in 24 hours, at most"), [Parsed()]),
        "cap_month": StringField(_("Marketing messages to a customer in 30 days, at most"), [Parsed()]),
        "whatsapp_limit": SelectField(
            _("People that WhatsApp lets you write to in 24 hours"),
            [Parsed()],
            choices=options([*limits, (UNLIMITED, _("Any number"))]),
            validate_choice=False,
            coerce=lambda value: UNLIMITED if value == 0 else str(value or ""),
        ),
        "soft_opt_in": RadioField(
            _("Who bought gets marketing until they say no"),
            [Parsed()],
            choices=yes_or_no,
            validate_choice=False,
            coerce=_as_word,
        ),
        "warm_up": RadioField(
            _("Begin slowly with marketing by e-mail"),
            [Parsed()],
            choices=yes_or_no,
            validate_choice=False,
            coerce=_as_word,
        ),
    }


def _as_word(value: Any) -> str:
    return {True: "yes", False: "no", None: ""}.get(value, str(value)) if not isinstance(value, str) else value


def channel_form(channel: Channel, **values: Any) -> SendersForm:
    """Build the form of one channel; several of them stand on a page, so their ids differ."""
    form = senders_form([channel], **values)
    for field in form:
        field.id = field.label.field_id = f"{channel}-{field.name}"
    return form


def settings_of(channel: Channel) -> tuple[str, ...]:
    return channel.gateway_setting, channel.sender_setting, channel.reply_setting


def _providers(channels: Iterable[Channel]) -> list[Provider]:
    found = {provider.name: provider for channel in channels for provider in providers_for(channel)}
    return list(found.values())


def _names(channel: Channel) -> Iterator[str]:
    yield from settings_of(channel)
    for provider in providers_for(channel):
        yield from provider.account.names if provider.account else ()


def _gateway(channel: Channel) -> Field:
    choices = options((provider.name, provider.label) for provider in providers_for(channel))
    label = _("How %(channel)s is sent", channel=channel.label)
    return RadioField(label, [Parsed()], choices=choices, validate_choice=False)


class SenderTestForm(Form):
    channel = RadioField(N_("Send by"), validate_choice=False)
    to = StringField(N_("To"), [Required(N_("Enter the number or address to send it to."))])
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
