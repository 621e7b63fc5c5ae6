"""The form of a consent that a customer told staff."""

from __future__ import annotations

from wtforms import RadioField, SelectField, ValidationError

from crm.customers.consents import column_of
from crm.customers.rules import Consent, MessagePurpose
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import NAMES, all_channels, channel_named, choose
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form, options

PURPOSES = (MessagePurpose.MARKETING, MessagePurpose.SERVICE)


class ConsentForm(Form):
    channel = SelectField(N_("Channel"), validate_choice=False)
    purpose = SelectField(N_("For"), validate_choice=False, default=MessagePurpose.MARKETING)
    state = RadioField(N_("Consent"), validate_choice=False, default=Consent.GIVEN)

    def __init__(self) -> None:
        super().__init__()
        known = [channel for channel in all_channels() if column_of(channel, MessagePurpose.MARKETING)]
        self.channel.choices = options((channel, channel.label) for channel in known)
        self.purpose.choices = options((purpose, purpose.label) for purpose in PURPOSES)
        self.state.choices = options((state, state.label) for state in Consent)

    def validate_channel(self, field: SelectField) -> None:
        if field.data not in NAMES or not column_of(field.data, MessagePurpose.MARKETING):
            raise ValidationError(choose())

    def validate_purpose(self, field: SelectField) -> None:
        if field.data not in list(MessagePurpose):
            raise ValidationError(_("Choose what the consent is for."))

    def validate_state(self, field: RadioField) -> None:
        if field.data not in list(Consent):
            raise ValidationError(_("Choose whether it is given or withdrawn."))
        if field.data == Consent.NOT_ASKED and self.purpose.data == MessagePurpose.SERVICE:
            raise ValidationError(_("Messages about their business are allowed or not. Choose given or withdrawn."))

    def values(self) -> tuple[Channel, MessagePurpose, Consent]:
        return channel_named(self.channel.data), MessagePurpose(self.purpose.data), Consent(self.state.data)
