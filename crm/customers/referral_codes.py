"""Codes by which customers bring others."""

from __future__ import annotations

import sqlalchemy as sa

from crm.customers.models import Customer, ReferralCode
from crm.customers.rules import CODE_LENGTH
from crm.kernel.errors import FieldError
from crm.kernel.extensions import db
from crm.values.codes import read_code
from crm.values.language import gettext as _

MAX_TYPED = 40
ALL_BRANCHES = {"all_branches": True}


class UnknownCodeError(FieldError):
    def __init__(self) -> None:
        super().__init__("referred_by", _("No customer has this code. Check it, or leave it empty."))


def known_holder(typed: str) -> Customer:
    """Return whose code was typed; raises UnknownCodeError."""
    found = holder(typed)
    if found is None:
        raise UnknownCodeError
    return found


def holder(typed: str) -> Customer | None:
    """Return the customer with a code, of any branch: the survivor of one who was merged, and nobody archived."""
    customer = _first(Customer.referral_code == read_code(typed[:MAX_TYPED]))
    while customer is not None and customer.merged_into_id is not None:
        customer = _first(Customer.id == customer.merged_into_id)
    return None if customer is None or customer.is_archived else customer


def organizations_with(typed: str) -> list[int]:
    """Return the ids of organizations that have a customer with this code, the oldest first."""
    code = read_code(typed[:MAX_TYPED])
    if len(code) != CODE_LENGTH:
        return []
    found = sa.select(ReferralCode.organization_id).where(ReferralCode.code == code)
    return list(db.session.scalars(found.order_by(ReferralCode.organization_id).limit(2)))


def _first(condition: sa.ColumnElement[bool]) -> Customer | None:
    return db.session.scalars(sa.select(Customer).where(condition), execution_options=ALL_BRANCHES).one_or_none()
