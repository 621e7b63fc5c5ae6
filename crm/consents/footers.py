"""How marketing says how it ends: a link in every letter, a link or a word in every SMS."""

from __future__ import annotations

import re

from crm.accounts.models import Organization
from crm.consents.tokens import token_for
from crm.customers.models import Customer
from crm.messages.channels.base import Channel
from crm.messages.models import Message
from crm.values import language
from crm.values.language import gettext as _
from crm.web.security import public_url

_NUMBER = re.compile(r"\+?\d+")


def link_to_unsubscribe(message: Message, customer: Customer) -> str:
    """Return the link that ends marketing to the address of a message, "" for a message about their business."""
    return _link(message.channel, customer) if message.is_marketing else ""


def with_footer(message: Message, customer: Customer, organization: Organization) -> str:
    """Return the text of a message; marketing ends with how it is stopped, in the customer's language."""
    if not message.is_marketing or message.template:
        return message.body
    return with_line(message.body, footer_line(message.channel, customer, organization))


def footer_line(channel: Channel, customer: Customer, organization: Organization) -> str:
    """Return how a customer ends marketing by a channel, "" where there is no way to say."""
    with language.speaking(language.chosen(customer.language, organization.language)):
        link = _link(channel, customer)
        if channel.has_subject:
            return _("No more offers: %(link)s", link=link) if link else ""
        # Nobody can answer a sender's name.
        if not link or _NUMBER.fullmatch(channel.sender(organization)):
            return _("Reply STOP for no more offers.")
        return _("No more offers: %(link)s", link=link)


def with_line(text: str, line: str) -> str:
    return f"{text}\n\n{line}" if line else text


def _link(channel: Channel, customer: Customer) -> str:
    addresses = channel.addresses
    address = addresses.of(customer)
    if not address or not public_url(""):
        return ""
    token = token_for(customer.organization_id, customer.id, addresses.kind, address)
    return public_url(f"/u/{token}")
