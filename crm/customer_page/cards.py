"""What a card shows of its customer."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from crm.customer_page.qr import qr_code
from crm.customer_page.queries import card_code
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.people.names import first_name
from crm.values.language import gettext as _
from crm.web.security import public_url


class Card(NamedTuple):
    """`code` is what the QR code leads to; staff may type it, too."""

    first_name: str
    tier: str
    points: int
    code: str
    qr: Markup


def card_of(customer: Customer) -> Card:
    code = card_code(customer.id)
    qr = qr_code(public_url(f"/v/{code}"), _("Your code, for the shop to scan"))
    return Card(first_name(customer.name), Tier(customer.tier).label, customer.loyalty_points, code, qr)
