"""Changes of points. Balance and tier change with the entry, under the customer's lock."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import KeyReusedError, RequestKey
from crm.kernel.tenancy import current_actor
from crm.loyalty import rules
from crm.loyalty.models import PointsEntry
from crm.values.language import gettext as _
from crm.values.text import clean_line

MANUAL = "Manual"


class PointsError(SentenceError):
    pass


def change_points(
    customer_id: int, points: int, reason: str = "", request_key: RequestKey | None = None, source: str = MANUAL
) -> PointsEntry:
    """Add points, or deduct them when negative, down to 0.

    The same key with the same content returns the earlier entry; the content is compared with that entry, not by the
    key's fingerprint. Raises PointsError, KeyReusedError, and ConflictError when the customer is gone.
    """
    key = f"request:{request_key.key}" if request_key else f"entry:{uuid.uuid4().hex}"
    return _change(customer_id, points, reason, key, source)


def reverse(entry_id: int, source: str = MANUAL) -> PointsEntry:
    """Reverse an entry and return the reversing entry; a second call changes nothing.

    Spent points stay spent: the balance never falls below 0. Raises ConflictError for a reversal, or when it is gone.
    """
    with transaction() as session:
        customer_id = session.scalar(sa.select(PointsEntry.customer_id).where(PointsEntry.id == entry_id))
        customer = lock_customer(customer_id or 0)
        taken = session.get_one(PointsEntry, entry_id, populate_existing=True)
        if taken.customer_id != customer.id:
            raise ConflictError(_("This customer was unmerged in the meantime. Reload the page."))
        if taken.is_reversal:
            raise ConflictError(_("This entry already takes another one back. Add or deduct points instead."))
        earlier = session.scalar(sa.select(PointsEntry).where(PointsEntry.reverses_id == entry_id))
        if earlier is not None:
            return earlier
        entry = PointsEntry(
            customer_id=customer.id,
            asked=-taken.applied,
            reason=f"Taken back: {taken.reason}"[: rules.MAX_REASON] if taken.reason else "Taken back",
            source=source,
            key=f"reverse:{entry_id}",
            reverses_id=entry_id,
        )
        return _enter("points.reversed", customer, entry)


def earn(customer_id: int, points: int, key: str, source: str, reason: str) -> PointsEntry:
    """Add points once for `key` ("invoice-12"), which no request can use. Raises what change_points raises."""
    return _change(customer_id, points, reason, rules.earned_key(key), source)


def take_back(key: str, source: str) -> PointsEntry | None:
    """Reverse what was earned under `key`; return the reversing entry, or None."""
    with transaction() as session:
        earned = session.scalar(sa.select(PointsEntry.id).where(PointsEntry.key == rules.earned_key(key)))
        return reverse(earned, source) if earned is not None else None


def rebuild(customer_id: int) -> bool:
    """Set balance and tier from the entries; False when they agree. Raises ConflictError when the customer is gone."""
    with transaction() as session:
        customer = lock_customer(customer_id)
        statement = sa.select(sa.func.sum(PointsEntry.applied)).where(PointsEntry.customer_id == customer_id)
        _set_balance(customer, max(0, int(session.scalar(statement) or 0)))
        changes = changes_of(customer)
        if changes:
            customer.updated_at = db_now()
            record("points.rebuilt", customer, customer_id=customer.id, changes=changes)
        return bool(changes)


def _change(customer_id: int, points: int, reason: str, key: str, source: str) -> PointsEntry:
    reason = clean_line(reason)
    _check(points, reason)
    with transaction():
        customer = lock_customer(customer_id)
        earlier = db.session.scalar(sa.select(PointsEntry).where(PointsEntry.key == key))
        if earlier is None:
            entry = PointsEntry(customer_id=customer.id, asked=points, reason=reason, source=source, key=key)
            return _enter("points.changed", customer, entry)
        if (earlier.customer_id, earlier.asked, earlier.reason, earlier.source) != (
            customer.id,
            points,
            reason,
            source,
        ):
            raise KeyReusedError
        return earlier


def _check(points: int, reason: str) -> None:
    sentence = rules.problem(points)
    if sentence is None and len(reason) > rules.MAX_REASON:
        sentence = _("Shorten the reason to %(number)s characters.", number=rules.MAX_REASON)
    if sentence:
        raise PointsError(sentence)


def _enter(action: str, customer: Customer, entry: PointsEntry) -> PointsEntry:
    entry.applied = rules.applied(customer.loyalty_points, entry.asked)
    entry.balance = customer.loyalty_points + entry.applied
    entry.created_by_id = current_actor()
    _set_balance(customer, entry.balance)
    changes = changes_of(customer)
    if changes:
        customer.updated_at = db_now()
    try:
        with db.session.begin_nested():
            db.session.add(entry)
    except IntegrityError:
        # The key made an entry of another customer, whose lock is not this one.
        raise KeyReusedError from None
    details = {field: [None, getattr(entry, field)] for field in ("asked", "applied", "reason", "source")}
    record(action, entry, customer_id=customer.id, changes=changes | details)
    return entry


def _set_balance(customer: Customer, balance: int) -> None:
    customer.loyalty_points, customer.tier = balance, rules.tier_of(balance).value
