"""The forms of the senders."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, Field, PasswordField, RadioField, StringField, ValidationError

from crm.accounts.queries import current_organization
from crm.accounts.rules import parse_setting
from crm.messages.rules import Channel
from crm.providers.accounts import SECRETS
from crm.values import phone
from crm.web.forms import Form, Required, options

LABELS = {
    "manual": "By hand: due messages wait on the first page, ready to send",
    "console": "Nowhere: to try things out, messages are only listed",
    "twilio": "Twilio",
    "whatsapp_cloud": "WhatsApp Business, by Meta's Cloud API",
}
SETTINGS = ("sms_gateway", "sms_from", "whatsapp_gateway", "whatsapp_from")


class Parsed:
    """Check the text of a setting or secret as every other way of changing it does."""

    def __call__(self, form: Any, field: Field) -> None:
        """Refuse what the setting refuses, with its sentence."""
        try:
            parse_setting(field.name, field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


def _gateway(label: str, *names: str) -> Field:
    return RadioField(label, [Parsed()], choices=options((name, LABELS[name]) for name in names), validate_choice=False)


def _secret(label: str) -> Field:
    return PasswordField(label, [Parsed()])


class SendersForm(Form):
    """Which way messages leave, and with whose account; a secret is written, never shown, and kept when left empty."""

    sms_gateway = _gateway("SMS", "manual", "console", "twilio")
    sms_from = StringField("SMS is sent from", [Parsed()])
    whatsapp_gateway = _gateway("WhatsApp", "manual", "console", "twilio", "whatsapp_cloud")
    whatsapp_from = StringField("WhatsApp is sent from", [Parsed()])
    twilio_account_sid = _secret("Account SID")
    twilio_auth_token = _secret("Auth Token")
    twilio_messaging_service_sid = _secret("Messaging Service SID")
    whatsapp_token = _secret("Access token")
    whatsapp_phone_number_id = _secret("Phone number ID")
    whatsapp_app_secret = _secret("App secret")
    whatsapp_verify_token = _secret("Verify token")
    remove_twilio = BooleanField("Remove the Twilio account from here")
    remove_whatsapp_cloud = BooleanField("Remove the WhatsApp account from here")

    def values(self) -> dict[str, str]:
        """Return the settings that were sent, and the secrets that are to change, as text."""
        values = {name: self[name].data or "" for name in SETTINGS if self[name].raw_data}
        for gateway, names in SECRETS.items():
            typed = {name: self[name].data.strip() for name in names if (self[name].data or "").strip()}
            values |= dict.fromkeys(names, "") if self[f"remove_{gateway}"].data else typed
        return values


class SenderTestForm(Form):
    """Whom to send a test message, and how."""

    channel = RadioField(
        "Send by",
        choices=options((channel, channel.label) for channel in Channel),
        default=Channel.SMS.value,
        validate_choice=False,
    )
    to = StringField("To", [Required("Enter the number to send it to.")])
    number = ""
    """The number in E.164, once the form is valid."""

    def validate_channel(self, field: Field) -> None:
        """Refuse a form without a channel in words."""
        if field.data not in list(Channel):
            raise ValidationError("Choose SMS or WhatsApp.")

    def validate_to(self, field: Field) -> None:
        """Read the number as the organization's people write it."""
        if not field.data:
            return
        found = phone.parse(field.data, current_organization().phone_region)
        if not found.valid:
            raise ValidationError(found.reason or "Enter the number to send it to.")
        self.number = found.value
