"""SMS."""

from __future__ import annotations

import re

from crm.customers.models import Customer
from crm.messages.channels.base import Channel
from crm.messages.channels.links import sms_link
from crm.messages.channels.phones import E164, PHONES, without_separators
from crm.messages.channels.segments import Segments, segments
from crm.values.language import N_
from crm.values.language import gettext as _


class Sms(Channel):
    label = "SMS"
    addresses = PHONES
    max_length = 1_600  # Source: Twilio, Message resource, Body
    gateway_setting = "sms_gateway"
    sender_setting = "sms_from"
    sender_help = N_("The number at your provider, like +6281234567890.")

    __slots__ = ()

    def parse_sender(self, value: str) -> str:
        """Accept E.164, a short code, or a sender name."""
        number = without_separators(value)
        if not value or re.fullmatch(rf"{E164}|\d{{3,8}}", number, re.ASCII):
            return number
        if re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", value, re.ASCII):
            return value
        raise ValueError(
            _("Enter the number with its country code, like +6281234567890, or a sender name of up to 11 letters.")
        )

    def is_allowed(self, customer: Customer) -> bool:
        return customer.sms_allowed

    def link(self, address: str, body: str, subject: str = "") -> str | None:
        return sms_link(address, body)

    def parts(self, body: str) -> Segments | None:
        return segments(body)


SMS = Sms("sms")
