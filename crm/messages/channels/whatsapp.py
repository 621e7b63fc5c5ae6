"""WhatsApp."""

from __future__ import annotations

import datetime as dt
import re

from crm.customers.models import Customer
from crm.messages.channels.base import Channel
from crm.messages.channels.links import whatsapp_link
from crm.messages.channels.phones import E164, PHONES, without_separators
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import stored

WINDOW_CLOSED = stored(
    N_(
        "%(name)s has not written on WhatsApp in the last 24 hours, so only an approved template may be sent. "
        "Schedule one, or use SMS."
    )
)
NEVER_WROTE = stored(
    N_("%(name)s has not written on WhatsApp yet, so only an approved template may be sent. Schedule one, or use SMS.")
)


class Whatsapp(Channel):
    """A WhatsApp Business account, or the WhatsApp of staff."""

    label = "WhatsApp"
    icon = "whatsapp"
    addresses = PHONES
    max_length = 4_096  # Source: WhatsApp Cloud API, text object
    window = dt.timedelta(hours=24)  # Source: WhatsApp Business Platform, customer service windows
    has_approved_templates = True
    has_sender_ids = True
    sent_proves_sender = True
    gateway_setting = "whatsapp_gateway"
    sender_setting = "whatsapp_from"
    sender_help = N_("Your WhatsApp number, like +6281234567890.")

    __slots__ = ()

    def parse_sender(self, value: str) -> str:
        number = without_separators(value.removeprefix("whatsapp:"))
        if number and not re.fullmatch(E164, number, re.ASCII):
            raise ValueError(_("Enter the number with its country code, like +6281234567890."))
        return number

    def is_allowed(self, customer: Customer) -> bool:
        return customer.whatsapp_allowed

    def link(self, address: str, body: str, subject: str = "") -> str | None:
        return whatsapp_link(address, body)

    def window_problem(self, name: str, wrote_at: dt.datetime | None, now: dt.datetime) -> str | None:
        """Refuse free texts 24 hours after the customer's last one."""
        if wrote_at is not None and now < wrote_at + self.window:
            return None
        return (WINDOW_CLOSED if wrote_at else NEVER_WROTE)(name=name)


WHATSAPP = Whatsapp("whatsapp")
