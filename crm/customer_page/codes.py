"""Codes of six digits: sent to the customer's known phone, good for ten minutes, five tries and one use."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.customer_page.models import CustomerCode, CustomerLink, CustomerSession
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel.columns import db_ago, db_now
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.events import done_by_customer
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels, consent_problem
from crm.messages.policy_facts import opt_out_problem
from crm.messages.services import schedule_message
from crm.providers.registry import gateway_of
from crm.values import clock, language
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import ascii_digits

LASTS = dt.timedelta(minutes=10)
MOST_TRIES = 5
MOST_AN_HOUR = 3
HOUR = dt.timedelta(hours=1)

SUBJECT = N_("Your code at %(shop)s")
TEXT = N_("%(code)s is your code at %(shop)s, for 10 minutes. Give it to nobody.")
NO_CODE = N_("Ask for a code first. Each is good for 10 minutes and one use.")
WRONG_CODE = N_("This is not the code. Check it, or ask for a new one.")


class CodeError(SentenceError):
    """A code that is wrong, used, too old, or was tried too often; the sentence says what to do."""


class NoWayError(SentenceError):
    """No code can be sent now."""


class TooManyCodesError(SentenceError):
    status = 429

    def __init__(self) -> None:
        super().__init__(_("You asked for 3 codes within an hour. Wait a while, or ask the shop."))


def send_code(session_id: int, customer_id: int) -> str:
    """Send a code and return where to, masked; the codes before are good for nothing any more."""
    with done_by_customer(), transaction() as session:
        customer = lock_customer(customer_id)
        channel = channel_to(customer)
        if _sent_within_an_hour(customer.id) >= MOST_AN_HOUR:
            raise TooManyCodesError
        of_session = sa.update(CustomerCode).where(CustomerCode.session_id == session_id)
        session.execute(of_session.where(CustomerCode.used_at.is_(None)).values(used_at=db_now()))
        code, now = f"{secrets.randbelow(1_000_000):06}", database_now()
        row = CustomerCode(session_id=session_id, code_hash=_hash(session_id, code), expires_at=now + LASTS)
        session.add(row)
        subject, text = _told(code, customer)
        schedule_message(customer.id, channel, text, now, subject=subject)
        return channel.addresses.masked(channel.addresses.of(customer))


def check_code(session_id: int, typed: str) -> int:
    """Return the id of the code that was typed, for `spend_code`; a wrong one counts as a try."""
    plain = "".join(character for character in ascii_digits(typed) if character.isdigit())
    with transaction() as session:
        found = sa.select(CustomerCode).where(
            CustomerCode.session_id == session_id,
            CustomerCode.used_at.is_(None),
            CustomerCode.expires_at > db_now(),
            CustomerCode.tries < MOST_TRIES,
        )
        row = session.scalars(locked(found.order_by(CustomerCode.id.desc()).limit(1))).first()
        if row is not None and hmac.compare_digest(row.code_hash, _hash(session_id, plain)):
            return row.id
        if row is not None:
            row.tries += 1
    raise CodeError(_(NO_CODE if row is None else WRONG_CODE))


def spend_code(code_id: int) -> None:
    """Use a code up in the transaction of what it allows; raises CodeError for one that was used meanwhile."""
    found = sa.select(CustomerCode).where(CustomerCode.id == code_id, CustomerCode.used_at.is_(None))
    row = db.session.scalars(locked(found)).one_or_none()
    if row is None:
        raise CodeError(_(NO_CODE))
    row.used_at = database_now()


def channel_to(customer: Customer) -> Channel:
    """Return how a code reaches the customer, rather by itself than by staff; raises NoWayError."""
    channels = [
        channel for channel in likely_channels(customer) if opt_out_problem(customer, channel.addresses) is None
    ]
    organization = current_organization()
    if not channels or organization.sending_paused:
        raise NoWayError(_("We can't send you a code: there is no number that we may write to. Ask the shop."))
    zone, now = clock.zone(organization.time_zone), clock.utcnow()
    end = clock.quiet_end(now, zone, organization.quiet_from, organization.quiet_until)
    if end > now:
        raise NoWayError(_("Codes are sent again from %(time)s.", time=f"{clock.to_local(end, zone):%H:%M}"))
    return min(channels, key=lambda channel: _is_by_hand(organization, channel))


def likely_channels(customer: Customer) -> list[Channel]:
    """Return by what a code may reach the customer, without asking whether they opted out."""
    return [channel for channel in all_channels() if _reaches(customer, channel)]


def _reaches(customer: Customer, channel: Channel) -> bool:
    problem = consent_problem(customer, channel) or channel.addresses.problem(customer)
    return problem is None and bool(channel.addresses.of(customer))


def _is_by_hand(organization: Organization, channel: Channel) -> bool:
    try:
        return gateway_of(organization, channel).by_hand
    except LookupError:
        return True


def _sent_within_an_hour(customer_id: int) -> int:
    found = (
        sa.select(sa.func.count(CustomerCode.id))
        .join(CustomerSession, CustomerSession.id == CustomerCode.session_id)
        .join(CustomerLink, CustomerLink.id == CustomerSession.link_id)
        .where(CustomerLink.customer_id == customer_id, CustomerCode.created_at > db_ago(HOUR))
    )
    return db.session.scalars(found).one()


def _told(code: str, customer: Customer) -> tuple[str, str]:
    organization = current_organization()
    with language.speaking(language.chosen(customer.language, organization.language)):
        return _(SUBJECT, shop=organization.name), _(TEXT, code=code, shop=organization.name)


def _hash(session_id: int, code: str) -> str:
    """Hash with the installation's key: a million codes are tried in a second."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"customer code {session_id} {code}".encode(), hashlib.sha256).hexdigest()
