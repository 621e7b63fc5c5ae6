"""How marketing says how it ends: a link in every letter, a link or a word in every SMS."""

from __future__ import annotations

import re

from crm.accounts.models import Organization
from crm.consents.tokens import token_for
from crm.customers.models import Customer
from crm.messages.models import Message
from crm.values import language
from crm.values.language import gettext as _
from crm.web.security import public_url

_NUMBER = re.compile(r"\+?\d+")


def link_to_unsubscribe(message: Message, customer: Customer) -> str:
    """Return the link that ends marketing to the address of a message, "" for a message about their business."""
    addresses = message.channel.addresses
    if not message.is_marketing or not public_url(""):
        return ""
    token = token_for(customer.organization_id, customer.id, addresses.kind, addresses.of(customer))
    return public_url(f"/u/{token}")


def with_footer(message: Message, customer: Customer, organization: Organization) -> str:
    """Return the text of a message; marketing ends with how it is stopped, in the customer's language."""
    if not message.is_marketing or message.template:
        return message.body
    with language.speaking(language.chosen(customer.language, organization.language)):
        line = _line(message, customer, organization)
    return f"{message.body}\n\n{line}" if line else message.body


def _line(message: Message, customer: Customer, organization: Organization) -> str:
    link = link_to_unsubscribe(message, customer)
    if message.channel.has_subject:
        return _("No more offers: %(link)s", link=link) if link else ""
    # Nobody can answer a sender's name.
    if not link or _NUMBER.fullmatch(message.channel.sender(organization)):
        return _("Reply STOP for no more offers.")
    return _("No more offers: %(link)s", link=link)
