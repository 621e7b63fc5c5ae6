"""Reads of referrals: the list with its queue, and a customer's. All of it is bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.customers.referral_codes import holder, organizations_with
from crm.kernel.columns import constant
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.tenancy import enter_organization
from crm.loyalty import queries as loyalty
from crm.people.names import first_name
from crm.referrals.models import Referral
from crm.referrals.rules import State
from crm.values.choices import unknown_choice
from crm.values.language import ngettext
from crm.web.lists import Page, read_page
from crm.web.security import public_url

PANEL_SIZE = 10


class ReferralFilter(NamedTuple):
    """A list of referrals by the query of a URL."""

    state: State | None = None
    unknown: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> ReferralFilter:
        """Read the query; an unknown state matches nothing, and `unknown` says so."""
        state = next((state for state in State if state == args.get("state")), None)
        return cls(state, unknown_choice(args, state=list(State)))

    def query(self) -> dict[str, Any]:
        return {"state": self.state.value} if self.state else {}

    def statement(self) -> sa.Select[Referral]:
        """Select what is to be reviewed first, then the newest."""
        found = sa.select(Referral)
        if self.unknown:
            found = found.where(sa.false())
        if self.state:
            found = found.where(Referral.state == self.state)
        queued = sa.case((Referral.state == State.REVIEW, 0), else_=1)
        return found.order_by(*([] if self.state else [queued]), Referral.id.desc())


class Invitation(NamedTuple):
    """What a stranger sees of a code: the shop, who brought them by their first name, and what they get."""

    organization: Organization
    first_name: str
    code: str
    points: int
    minimum: int


def referrals_page(wanted: ReferralFilter, number: int) -> Page[Referral]:
    return read_page(with_people(wanted.statement()), wanted, number)


def with_people(statement: sa.Select[Referral]) -> sa.Select[Referral]:
    return statement.options(joinedload(Referral.referrer), joinedload(Referral.friend))


def has_any() -> bool:
    return db.session.scalar(sa.select(Referral.id).limit(1)) is not None


def invitation(typed: str) -> Invitation | None:
    """Return what a code invites to, and enter its organization; None for an unknown one."""
    for organization_id in organizations_with(typed):
        enter_organization(organization_id, None)
        referrer = holder(typed)
        organization = db.session.get_one(Organization, organization_id)
        if referrer is not None and organization.restoring_until is None:
            settings, code = loyalty.settings_here(), referrer.referral_code or ""
            points, minimum = settings.friend_points, settings.referral_minimum
            return Invitation(organization, first_name(referrer.name), code, points, minimum)
    return None


def panel_data(customer: Customer) -> dict[str, Any]:
    """Return who brought the customer, and whom they brought, the newest first."""
    rows: Sequence[Referral] = []
    if customer.has("referrals"):
        rows = db.session.scalars(_OF_CUSTOMER, {"customer": customer.id, "most": PANEL_SIZE}).all()
    came = next((row for row in rows if row.friend_id == customer.id), None)
    address = public_url(f"/r/{customer.referral_code}") if customer.referral_code else ""
    return {"came": came, "brought": [row for row in rows if row is not came], "address": address}


def count_in_words(customer_id: int) -> str:
    brought = sa.select(sa.func.count(Referral.id)).where(Referral.referrer_id == customer_id)
    count = db.session.scalars(brought).one()
    return ngettext("%(num)s referral", "%(num)s referrals", count, num=f"{count:,}") if count else ""


HAS = any_of(Referral, sa.or_(Referral.friend_id == Customer.id, Referral.referrer_id == Customer.id))
"""The condition of customers with referrals."""

_OF_CUSTOMER = prepared(
    sa.select(Referral)
    .where(
        sa.or_(Referral.friend_id == sa.bindparam("customer"), Referral.referrer_id == sa.bindparam("customer")),
    )
    .options(joinedload(Referral.referrer), joinedload(Referral.friend))
    .order_by(
        sa.case((Referral.friend_id == sa.bindparam("customer"), constant(0)), else_=constant(1)), Referral.id.desc()
    )
    .limit(sa.bindparam("most", type_=sa.Integer))
)
