"""Changes of an organization's rules of points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crm.accounts.services import change_organization
from crm.customers.models import Customer
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import transaction
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization, update_many
from crm.loyalty import nightly, queries
from crm.loyalty.expiry import NOT_BEFORE, Expiry
from crm.loyalty.models import LoyaltySettings, PointsEntry, PointsMultiplier
from crm.loyalty.rules import Kind
from crm.loyalty.tiers import Policy

TIERS = ("tier_window", "tier_grace_days")
BATCH = 5_000
"""Lots whose dates are changed at a time."""


def save(values: Mapping[str, Any], earning: Mapping[str, str], *, existing_too: bool = False) -> None:
    """Change the rules; `earning` are settings of the organization.

    Another policy of expiry is one for new points. With `existing_too` those that customers have get its dates too,
    but none that is nearer than 30 days.
    """
    with transaction() as session:
        change_organization(require_organization(), dict(earning))
        settings = session.scalars(sa.select(LoyaltySettings)).one_or_none() or LoyaltySettings.defaults()
        session.add(settings)
        before = Policy(dt.date.min, settings.tier_window, settings.tier_grace_days)
        today = queries.today_here()
        for name, value in values.items():
            setattr(settings, name, value)
        changes = changes_of(settings) if settings.id is not None else _of_new(settings, values)
        if changes.keys() & set(TIERS):
            settings.tier_policies = _policies(settings, before, today)
        if changes:
            settings.updated_at = db_now()
            record("loyalty.changed", settings, changes=changes)
        session.flush()
        if existing_too:
            _give_dates(settings, today)
        if changes.keys() & set(TIERS):
            _look_at_all(today)
        nightly.plan_next(settings)
    if changes.keys() & set(TIERS):
        nightly.review_some()


def add_multiplier(values: Mapping[str, Any]) -> PointsMultiplier:
    with transaction() as session:
        multiplier = PointsMultiplier(**values)
        session.add(multiplier)
        record("multiplier.added", multiplier, changes={name: [None, _plain(value)] for name, value in values.items()})
        return multiplier


def edit_multiplier(multiplier_id: int, values: Mapping[str, Any]) -> PointsMultiplier:
    """Change a multiplier; what was earned stays as it was."""
    with transaction() as session:
        multiplier = session.get_one(PointsMultiplier, multiplier_id)
        for name, value in values.items():
            setattr(multiplier, name, value)
        if changes := changes_of(multiplier):
            record("multiplier.changed", multiplier, changes=changes)
        return multiplier


def delete_multiplier(multiplier_id: int) -> None:
    with transaction() as session:
        multiplier = session.get_one(PointsMultiplier, multiplier_id)
        record("multiplier.deleted", multiplier)
        session.flush()
        session.delete(multiplier)


def _of_new(settings: LoyaltySettings, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    usual = LoyaltySettings.defaults()
    return {
        name: [_plain(getattr(usual, name)), _plain(value)]
        for name, value in values.items()
        if getattr(usual, name) != value
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else str(value) if isinstance(value, str) else value


def _policies(settings: LoyaltySettings, before: Policy, today: dt.date) -> list[Any]:
    """Return the policies of tiers with that of now: the earlier ones decide about the time when they were in force."""
    found = [one for one in settings.tier_policies if one[0] != today.isoformat()]
    found = found or [[before.since.isoformat(), before.window.value, before.grace]]
    return [*found, [today.isoformat(), settings.tier_window.value, settings.tier_grace_days]]


def _look_at_all(today: dt.date) -> None:
    """Let every tier be found anew."""
    has_entries = sa.select(PointsEntry.id).where(PointsEntry.customer_id == Customer.id).exists()
    statement = sa.update(Customer).where(has_entries).values(tier_review_on=today)
    db.session.execute(statement, execution_options={"synchronize_session": False, "all_branches": True})


def _give_dates(settings: LoyaltySettings, today: dt.date) -> None:
    """Give the open lots the dates of the policy, none of them nearer than 30 days."""
    policy, last = settings.expiry_policy, 0
    open_ = sa.select(PointsEntry.id, PointsEntry.customer_id, PointsEntry.counts_on, PointsEntry.expires_on).where(
        PointsEntry.remaining > 0, sa.or_(PointsEntry.expires_on.is_(None), PointsEntry.expires_on >= today)
    )
    while rows := db.session.execute(
        open_.where(PointsEntry.id > last).order_by(PointsEntry.id).limit(BATCH),
        execution_options={"all_branches": True},
    ).all():
        last = rows[-1].id
        active = _last_earnings({row.customer_id for row in rows}) if policy.kind is Expiry.INACTIVITY else {}
        changes = []
        for row in rows:
            day = policy.last_day(active.get(row.customer_id, row.counts_on))
            day = None if day is None else max(day, today + NOT_BEFORE)
            if day != row.expires_on:
                changes.append({"id": row.id, "expires_on": day})
        update_many(PointsEntry, changes)
    db.session.expire_all()


def _last_earnings(customer_ids: set[int]) -> dict[int, dt.date]:
    rows = db.session.execute(
        sa.select(PointsEntry.customer_id, sa.func.max(PointsEntry.counts_on))
        .where(one_of(PointsEntry.customer_id, customer_ids), PointsEntry.kind == Kind.EARN)
        .group_by(PointsEntry.customer_id),
        execution_options={"all_branches": True},
    )
    return {row[0]: row[1] for row in rows}
