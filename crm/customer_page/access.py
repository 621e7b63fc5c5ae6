"""Who the customer's own page is of: found by a link or by the cookie of a browser that one let in.

Whatever is wrong with a link is the same 404. Both tokens name their organization first, and one statement looks for
the hash whatever they are, so that nothing tells one wrong link from another.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple, NoReturn

import sqlalchemy as sa
from flask import abort, current_app, g, request
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from crm.accounts import throttle
from crm.accounts.access import show_to_guest
from crm.accounts.models import Organization
from crm.accounts.rules import tenant_key, token_hash
from crm.customer_page.models import CustomerLink, CustomerSession
from crm.customer_page.rules import Scope
from crm.customers.models import Customer
from crm.kernel.columns import db_now
from crm.kernel.extensions import db
from crm.kernel.tenancy import enter_organization
from crm.values import language

WRONG = "customer"
"""The kind of wrong links, which are counted apart from others."""

MOST = 200
"""Characters of a token that are looked at."""


class Visit(NamedTuple):
    """A customer who looks at what is theirs; `session_id` is 0 where only the link is known."""

    link: CustomerLink
    customer: Customer
    organization: Organization
    session_id: int = 0


def by_link(token: str) -> Visit:
    """Return whom a link leads to; aborts with 404 for any wrong one, 410 for who is archived."""
    _enter(token)
    found = _LINK.where(CustomerLink.token_hash == token_hash(token[:MOST]))
    link = db.session.scalars(found).first()
    if link is None:
        refuse()
    return _visit(link)


def by_session(*scopes: Scope) -> Visit:
    """Return who is let in, if it was by a link of these scopes; the 404 of an unknown link for anybody else."""
    token = _session_token()
    _enter(token)
    found = _SESSION.where(CustomerSession.token_hash == token_hash(token[:MOST]))
    row = db.session.execute(found).first()
    if row is None:
        refuse(counts=bool(token))
    link, session_id = row
    if link.scope not in scopes:
        refuse(counts=False)
    return _visit(link, session_id)


def is_in_by(link: CustomerLink) -> bool:
    """Whether the browser was let in by this very link."""
    found = _SESSION.where(CustomerSession.token_hash == token_hash(_session_token()[:MOST]))
    row = db.session.execute(found).first()
    return row is not None and row[0].id == link.id


def link_token() -> str:
    """Return the token of the card's link that the browser has: a card that is installed begins with it."""
    return request.cookies.get(cookie_name(), "").partition(".")[2][:MOST]


def refuse(*, counts: bool = True) -> NoReturn:
    """Answer as to any wrong link; too many of an address: 429."""
    if counts:
        try:
            throttle.count_wrong_link(WRONG, request.remote_addr or "")
        except throttle.ThrottledError as throttled:
            raise TooManyRequests(retry_after=throttled.seconds) from None
    abort(404)


def let_in(response: Response, token: str, expires_at: dt.datetime, link: str = "") -> None:
    """Set the cookie of a browser that was let in; `link` is the token of its card's link."""
    response.set_cookie(
        cookie_name(),
        f"{token}.{link}" if link else token,
        expires=expires_at,
        secure=current_app.session_interface.get_cookie_secure(current_app),
        httponly=True,
        samesite="Lax",
    )


def cookie_name() -> str:
    return current_app.config["SESSION_COOKIE_NAME"].replace("session", "customer")  # type: ignore[no-any-return]  # the configuration has no types


def _session_token() -> str:
    return request.cookies.get(cookie_name(), "").partition(".")[0]


def _enter(token: str) -> None:
    """Act in the organization that a token names, 0 for none: row-level security needs it before the row is read."""
    organization_id, _slug = tenant_key(token.partition("-")[0])
    enter_organization(organization_id, None)


def _visit(link: CustomerLink, session_id: int = 0) -> Visit:
    organization = db.session.get_one(Organization, link.organization_id)
    customer = link.customer
    language.use(
        language.chosen(customer.language, organization.language, accepted=request.headers.get("Accept-Language", ""))
    )
    show_to_guest(organization)
    if customer.is_archived:
        g.ask_the_shop = organization.name
        abort(410)
    return Visit(link, customer, organization, session_id)


_LINK = sa.select(CustomerLink).where(CustomerLink.is_open()).options(joinedload(CustomerLink.customer))

_SESSION = (
    sa.select(CustomerLink, CustomerSession.id)
    .join(CustomerSession, CustomerSession.link_id == CustomerLink.id)
    .where(CustomerSession.expires_at > db_now(), CustomerLink.is_open())
    .options(joinedload(CustomerLink.customer))
)
