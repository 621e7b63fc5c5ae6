"""What a card shows of its customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from crm.accounts.models import Organization
from crm.customer_page.queries import card_code
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.manifest import catalog
from crm.loyalty import queries as loyalty
from crm.people.names import first_name
from crm.rewards import queries as rewards
from crm.rewards.models import Voucher
from crm.rewards.rules import VoucherState
from crm.values import clock, language
from crm.values.language import gettext as _
from crm.web.forms import new_key
from crm.web.qr import qr_code
from crm.web.security import public_url
from crm.web.static import static_url
from crm.web_push.queries import public_key

MOST_VOUCHERS = 20
CHECK_IN = "visits.check_in"


class Card(NamedTuple):
    """`points` are what can be spent now, `dates` until when, for those that end; `code` is what the QR leads to.

    `push_key` is what browsers that get notices subscribe to, "" where there are none.
    """

    first_name: str
    tier: str
    points: int
    dates: Sequence[tuple[dt.date, int]]
    vouchers: Sequence[Voucher]
    code: str
    qr: Markup
    as_of: dt.datetime
    push_key: str


def card_of(customer: Customer) -> Card:
    code = card_code(customer.id)
    qr = qr_code(public_url(f"/v/{code}"), _("Your code, for the shop to scan"))
    points, dates = _points_of(customer.id)
    name, tier = first_name(customer.name), Tier(customer.tier).label
    return Card(name, tier, points, dates, vouchers_of(customer.id), code, qr, clock.utcnow(), public_key())


def vouchers_of(customer_id: int) -> list[Voucher]:
    """Return the vouchers that can be used now."""
    today = loyalty.today_here()
    found = rewards.vouchers_of(customer_id, MOST_VOUCHERS)
    return [voucher for voucher in found if voucher.state_on(today) is VoucherState.ISSUED]


def scanned(customer: Customer) -> dict[str, Any]:
    """Return what staff see who scanned the card."""
    points, _dates = _points_of(customer.id)
    check_in = CHECK_IN if CHECK_IN in catalog().access else ""
    return {"points": points, "vouchers": vouchers_of(customer.id), "key": new_key(), "check_in": check_in}


def _points_of(customer_id: int) -> tuple[int, list[tuple[dt.date, int]]]:
    """Return the points that can be spent now, and how many of them until which day, every day that there is."""
    today, days = loyalty.today_here(), loyalty.days_of(customer_id)
    return days.spendable(today), days.expiring(today)


def manifest_of(organization: Organization, start_url: str) -> dict[str, Any]:
    """Describe the card to a phone; `start_url` is its link, for an installed card may have no cookies yet."""
    spoken = language.current()
    return {
        "id": f"/c/?card={organization.id}",
        "name": organization.name,
        "short_name": organization.name,
        "lang": spoken.code,
        "dir": "rtl" if spoken.is_rtl else "ltr",
        "start_url": start_url,
        "scope": "/c/",
        "display": "standalone",
        "theme_color": CANVAS,
        "background_color": CANVAS,
        "icons": [
            {"src": static_url(f"icons/{name}"), "sizes": size, "type": "image/png", "purpose": purpose}
            for name, size, purpose in _ICONS
        ],
    }


CANVAS = "#f6f5f2"
"""As in own.css, by day."""

_ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("maskable-512.png", "512x512", "maskable"),
)
