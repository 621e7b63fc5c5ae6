"""Reads of templates, and of what goes in the place of their fields."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.models import Organization
from crm.customers.filters import Filters
from crm.customers.models import Customer
from crm.customers.queries import page_of
from crm.kernel.extensions import db
from crm.message_templates.models import Template
from crm.message_templates.rules import Wording, spoken, version_for
from crm.values import clock, money
from crm.values.language import ENGLISH, LANGUAGES, date_locale, speaking
from crm.values.text import clean_line, fold


def kept_templates() -> sa.Select[Template]:
    """Select the templates that are not deleted, by name and language."""
    kept = sa.select(Template).where(Template.deleted_at.is_(None))
    return kept.order_by(Template.name_key, Template.language, Template.id)


def templates() -> list[Template]:
    return list(db.session.scalars(kept_templates()))


def template_called(name: str, language: str) -> Template | None:
    """Find by name, ignoring case, and language."""
    named = sa.select(Template).where(Template.name_key == key_of(name), Template.language == language)
    return db.session.scalar(named.where(Template.deleted_at.is_(None)))


def key_of(name: str) -> str:
    return fold(name)[:100]


def language_of(customer: Customer | None, organization: Organization) -> str:
    """Return the language that messages to a customer are in: theirs, else the organization's."""
    choices = (customer.language if customer else "", organization.language, spoken(organization.locale))
    return next((code for code in choices if code in LANGUAGES), ENGLISH)


def filled_for(wording: Wording, customer: Customer, organization: Organization) -> Wording:
    """Return the version for a customer, with the values where the fields are."""
    wanted, usual = language_of(customer, organization), language_of(None, organization)
    version = version_for((wording, *wording.others), wanted, usual)
    return version.filled(values_of(customer, organization, version.language))


def values_of(customer: Customer, organization: Organization, language: str = "") -> dict[str, str]:
    """Return the values of all fields for a customer, as the language of the text writes them."""
    with speaking(spoken(language) or language_of(customer, organization)):
        locale = date_locale(organization.locale)
        last = customer.last_order_at
        day = clock.to_local(last, clock.zone(organization.time_zone)).date() if last else None
        return {
            "name": customer.name,
            "branch": customer.branch.name if customer.branch else organization.name,
            "organization": organization.name,
            "points": money.format_number(customer.loyalty_points, locale),
            "amount": money.format_amount(customer.total_spent, organization.currency, locale),
            "last_order": clock.say_day(day, locale) if day else "-",
        }


def someone_like(query: str) -> Customer | None:
    """Return the first match of a search, or the first customer."""
    rows = page_of(Filters(q=clean_line(query)[:200], per_page=25)).rows
    if not rows:
        return None
    return db.session.scalar(sa.select(Customer).where(Customer.id == rows[0].id).options(joinedload(Customer.branch)))
