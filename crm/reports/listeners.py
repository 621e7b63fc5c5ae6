"""What scores do when customers are merged, come back or go, and when the organization changes what counts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from crm.accounts.models import Organization
from crm.accounts.services import organization_changed
from crm.customers.models import Customer
from crm.customers.signals import (
    MergePair,
    customer_restored,
    customers_merged,
    customers_restoring,
    customers_unmerged,
)
from crm.kernel.extensions import db
from crm.reports.nightly import compute_soon
from crm.reports.services import refresh


@customers_merged.connect
@customers_unmerged.connect
def score_both_again(pair: MergePair) -> None:
    db.session.flush()
    refresh([pair.survivor.id, pair.merged.id])
    compute_soon()


@customer_restored.connect
def score_again(customer: Customer, **kwargs: Any) -> None:
    db.session.flush()
    refresh([customer.id])
    compute_soon()


@customers_restoring.connect
def score_soon(ids: Collection[int], **kwargs: Any) -> None:
    compute_soon()


@organization_changed.connect
def score_by_other_rules(organization: Organization, changes: dict[str, Any]) -> None:
    if changes.keys() & {"currency", "time_zone"}:
        compute_soon()
