"""Cards as wallets show them, and which of them changed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.customer_page.queries import card_code
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.loyalty import queries as loyalty
from crm.people.names import first_name
from crm.values import clock, language, money
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.wallets.card import Card, Line
from crm.wallets.identity import Owner, serial_of
from crm.wallets.models import WalletCard, WalletDevice

LASTS = 2
"""Years that a card is good without a newer one."""

MOST_DATES = 12
"""Dates at which points end that a card shows."""


def serial_for(customer_id: int) -> str:
    return serial_of(Owner(require_organization(), customer_id), current_app.config["SECRET_KEY"])


def survivor(customer_id: int) -> Customer | None:
    """Return the customer, or whom they were merged into; None for one who was deleted for good."""
    customer = db.session.get(Customer, customer_id)
    while customer is not None and customer.merged_into_id is not None:
        customer = db.session.get(Customer, customer.merged_into_id)
    return customer


def card_of(customer: Customer | None, serial: str) -> Card:
    """Return the card of a customer in their language; a voided one that says nothing, of one who is gone."""
    organization = current_organization()
    is_gone = customer is None or customer.is_archived or customer.erased_at is not None
    spoken = language.chosen(customer.language if customer else "", organization.language)
    with language.speaking(spoken):
        return Card(
            serial=serial,
            organization=organization.name,
            description=_("Card of %(shop)s", shop=organization.name),
            points=0 if is_gone or customer is None else loyalty.spendable(customer.id, loyalty.today_here()),
            points_label=_("Points"),
            points_changed=_("You have %%@ points."),
            lines=() if is_gone or customer is None else _lines(customer),
            code="" if is_gone or customer is None else code_url(customer.id),
            until=_until(clock.utcnow()),
            is_voided=is_gone,
        )


def shown_of(customer: Customer) -> dict[str, Any]:
    """Return what a row notes of what a card shows."""
    is_gone = customer.is_archived or customer.erased_at is not None
    return {
        "points": customer.loyalty_points,
        "tier": customer.tier,
        "code": "" if is_gone else card_code(customer.id),
        "is_voided": is_gone,
    }


def code_url(customer_id: int) -> str:
    """Return what the card's QR code says."""
    return f"{current_app.config['PUBLIC_URL']}/v/{card_code(customer_id)}"


def serials_on(device: str) -> Sequence[WalletDevice]:
    """Return the cards on a phone."""
    found = sa.select(WalletDevice).where(WalletDevice.device == device)
    return db.session.scalars(found.order_by(WalletDevice.id).limit(100)).all()


def tag_of(cards: Sequence[Card]) -> str:
    """Return a tag that is another one once one of the cards shows something else."""
    shown = json.dumps(cards, default=_plain, sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:32]


def changed_cards(most: int) -> Sequence[WalletCard]:
    """Return cards that show something else at Google than they should."""
    found = sa.select(WalletCard).join(Customer, Customer.id == WalletCard.customer_id)
    is_gone = sa.or_(Customer.archived_at.is_not(None), Customer.erased_at.is_not(None))
    found = found.where(
        sa.or_(
            WalletCard.is_voided != is_gone,
            sa.and_(
                sa.not_(is_gone), sa.or_(WalletCard.points != Customer.loyalty_points, WalletCard.tier != Customer.tier)
            ),
        )
    )
    return db.session.scalars(found.options(joinedload(WalletCard.customer)).order_by(WalletCard.id).limit(most)).all()


def has_cards() -> bool:
    return db.session.scalar(sa.select(WalletCard.id).limit(1)) is not None


def _lines(customer: Customer) -> tuple[Line, ...]:
    lines = [
        Line("tier", _("Tier"), Tier(customer.tier).label),
        Line("name", _("Name"), first_name(customer.name)),
    ]
    ends = loyalty.expiring([customer.id], loyalty.today_here()).get(customer.id, [])
    if ends:
        locale = current_organization().locale
        said = [_until_day(points, day, locale) for day, points in ends]
        lines.append(Line("expiring", _("Next to expire"), said[0]))
        lines += [Line(f"expiring-{at}", "", sentence) for at, sentence in enumerate(said[1:MOST_DATES], 1)]
    return tuple(lines)


def _until_day(points: int, day: dt.date, locale: str) -> str:
    values = {"num": money.format_number(points, locale), "day": clock.say_day(day, locale)}
    return ngettext("%(num)s point until %(day)s", "%(num)s points until %(day)s", points, **values)


def _until(now: dt.datetime) -> dt.datetime:
    return dt.datetime(now.year + LASTS, now.month, 1, tzinfo=dt.UTC)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else vars(value)
