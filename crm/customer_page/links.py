"""Links: made, opened, sent and revoked."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa
from flask import current_app

from crm.accounts.queries import current_organization
from crm.accounts.rules import token_hash
from crm.customer_page.models import CustomerCard, CustomerLink, CustomerSession
from crm.customer_page.rules import LASTS, SESSION_LASTS, Scope, new_card_code, new_token, token_by_key
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor, require_organization
from crm.messages.channels.base import Channel
from crm.messages.models import Message
from crm.messages.services import schedule_message
from crm.values import language
from crm.values.language import N_
from crm.values.language import gettext as _

_TEXTS = {
    Scope.CARD: N_("Your card at %(shop)s, with your points: %(link)s"),
    Scope.PAGE: N_("Your page at %(shop)s, with your points, bookings and receipts. It opens for 30 days: %(link)s"),
    Scope.DOWNLOAD: N_("The copy of your data at %(shop)s. It opens for 24 hours: %(link)s"),
}


_SUBJECTS = {
    Scope.CARD: N_("Your card at %(shop)s"),
    Scope.PAGE: N_("Your page at %(shop)s"),
    Scope.DOWNLOAD: N_("The copy of your data at %(shop)s"),
}


class Told(NamedTuple):
    subject: str
    text: str


class Made(NamedTuple):
    link: CustomerLink
    token: str


class Opened(NamedTuple):
    """A browser that was let in: its token, and until when."""

    token: str
    expires_at: dt.datetime


def make_link(customer_id: int, scope: Scope, key: RequestKey | None = None) -> Made:
    """Make a link and return its token, which nobody can read again: with the same `key` the same one."""
    token = _token(key)
    with transaction() as session:
        once = Once(key)
        if once.earlier is not None:
            return Made(_earlier(once, token), token)
        customer = lock_customer(customer_id)
        refuse_gone(customer)
        lasts = LASTS[scope]
        link = CustomerLink(
            customer_id=customer.id,
            scope=scope,
            token_hash=token_hash(token),
            created_by_id=current_actor(),
            expires_at=database_now() + lasts if lasts else None,
        )
        session.add(link)
        session.flush()
        ensure_card(customer.id)
        once.made(link.id)
        record("link.made", link, customer_id=customer.id, changes={"scope": [None, scope]})
        return Made(link, token)


def refuse_gone(customer: Customer) -> None:
    if customer.erased_at is not None:
        raise ConflictError(_("This customer was erased. Add them anew if they come back."))
    if customer.is_archived:
        raise ConflictError(_("%(name)s is archived. Restore them first.", name=customer.name))


def revoke_link(link_id: int) -> CustomerLink:
    """End a link and let out all browsers that it let in; one that is revoked stays so."""
    with transaction() as session:
        link = session.scalars(locked(sa.select(CustomerLink).where(CustomerLink.id == link_id))).one()
        if link.revoke():
            session.execute(sa.delete(CustomerSession).where(CustomerSession.link_id == link_id))
            record("link.revoked", link, customer_id=link.customer_id, changes={"scope": [link.scope, None]})
        return link


def open_link(link_id: int) -> Opened | None:
    """Let a browser in by a link; None if it was revoked meanwhile."""
    token, now = new_token(require_organization()), None
    with transaction() as session:
        found = sa.select(CustomerLink).where(CustomerLink.id == link_id, CustomerLink.is_open())
        link = session.scalars(locked(found)).one_or_none()
        if link is None:
            return None
        now = database_now()
        link.last_used_at = now
        session.execute(sa.delete(CustomerSession).where(CustomerSession.expires_at <= db_now()))
        ends = now + SESSION_LASTS[link.scope]
        ends = min(ends, link.expires_at) if link.expires_at else ends
        session.add(CustomerSession(link_id=link.id, token_hash=token_hash(token), expires_at=ends))
        ensure_card(link.customer_id)
        return Opened(token, ends)


def send_link(link_id: int, token: str, channel: Channel, key: RequestKey | None = None) -> Message:
    """Send a link to its customer, as a message like any other; raises RefusedError for what the gate refuses."""
    with transaction() as session:
        found = sa.select(CustomerLink).where(CustomerLink.id == link_id, CustomerLink.is_open())
        link = session.scalars(found.where(CustomerLink.token_hash == token_hash(token))).one_or_none()
        if link is None:
            raise ConflictError(_("This link no longer opens anything. Make a new one."))
        customer = session.get_one(Customer, link.customer_id)
        subject, text = text_of(link.scope, token, customer)
        return schedule_message(customer.id, channel, text, database_now(), key, subject=subject)


def text_of(scope: Scope, token: str, customer: Customer) -> Told:
    """Return what a customer reads who gets a link, in their language."""
    organization = current_organization()
    with language.speaking(language.chosen(customer.language, organization.language)):
        subject = _(_SUBJECTS[scope], shop=organization.name)
        return Told(subject, _(_TEXTS[scope], shop=organization.name, link=address_of(token)))


def address_of(token: str) -> str:
    return f"{current_app.config['PUBLIC_URL']}/c/{token}"


def renew_card(customer_id: int) -> None:
    """Give the card a new code; staff can't read the one before any more."""
    with transaction() as session:
        customer = lock_customer(customer_id)
        refuse_gone(customer)
        of_customer = sa.update(CustomerCard).where(CustomerCard.customer_id == customer.id)
        session.execute(of_customer.where(CustomerCard.replaced_at.is_(None)).values(replaced_at=db_now()))
        card = ensure_card(customer.id)
        if card is not None:
            record("card.renewed", card, customer_id=customer.id)


def ensure_card(customer_id: int) -> CustomerCard | None:
    """Give the customer a code for their card, in the open transaction; None if they have one."""
    of_customer = sa.select(CustomerCard.id).where(CustomerCard.customer_id == customer_id)
    if db.session.scalar(of_customer.where(CustomerCard.replaced_at.is_(None)).limit(1)) is not None:
        return None
    card = CustomerCard(customer_id=customer_id, code=new_card_code())
    db.session.add(card)
    db.session.flush()
    return card


def _token(key: RequestKey | None) -> str:
    organization_id = require_organization()
    if key is None:
        return new_token(organization_id)
    material = f"customer link {organization_id} {current_actor()} {key.key} {key.fingerprint}"
    return token_by_key(organization_id, current_app.config["SECRET_KEY"], material)


def _earlier(once: Once, token: str) -> CustomerLink:
    found = sa.select(CustomerLink).where(CustomerLink.id == once.earlier, CustomerLink.is_open())
    link = db.session.scalars(found.where(CustomerLink.token_hash == token_hash(token))).one_or_none()
    if link is None:
        raise ConflictError(_("This link was revoked in the meantime. Make a new one."))
    return link
