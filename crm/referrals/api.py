"""Referrals in the JSON API."""

from __future__ import annotations

from typing import Any

from crm.accounts.access import find
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import page_of
from crm.referrals import schemas
from crm.referrals.models import Referral
from crm.referrals.queries import ReferralFilter
from crm.referrals.rules import State

bp = Resource("referrals", "Referrals", 27)


@bp.get("/referrals/")
@bp.arguments(schemas.ReferralQuery, location="query")
@bp.response(200, page_of(schemas.Referral))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List referrals, those to be reviewed first.

    A referral begins when a customer is added with `referred_by`.
    """
    state = query.get("state")
    wanted = ReferralFilter(State(state) if state else None)
    return paging.numbered(wanted.statement(), query)


@bp.get("/referrals/<id:referral_id>/")
@bp.response(200, schemas.Referral)
def show(referral_id: int) -> Referral:
    """Read a referral."""
    return find(Referral, referral_id)
