"""Changes of points. All that follows from an entry changes with it, under the customer's lock.

Each may be called within a caller's transaction, and makes its entry once for each key.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.customers.services import lock_customer
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import KeyReusedError, RequestKey
from crm.loyalty import ledger, multipliers, queries, rules
from crm.loyalty.expiry import Expiry
from crm.loyalty.ledger import CHANGED, REDEEMED, RETURNED, REVERSED, Ledger
from crm.loyalty.models import PointsEntry
from crm.loyalty.rules import Kind
from crm.loyalty.words import taken_back
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.values.money import format_number
from crm.values.text import clean_line

MANUAL = "Manual"

FIRST_LOTS = 200
"""Customers at a time."""


class PointsError(SentenceError):
    pass


class TooFewError(PointsError):
    """There are fewer points than somebody wants to spend."""

    status = 409


class Sale(NamedTuple):
    """What earns points: an amount, entered for a day in a branch."""

    day: dt.date
    branch_id: int | None
    source: str
    reason: str


def change_points(
    customer_id: int, points: int, reason: str = "", request_key: RequestKey | None = None, source: str = MANUAL
) -> PointsEntry:
    """Add points, or deduct them when negative, down to 0.

    The same key with the same content returns the earlier entry; the content is compared with that entry, not by the
    key's fingerprint. Raises PointsError, KeyReusedError, and ConflictError when the customer is gone.
    """
    key = f"request:{request_key.key}" if request_key else f"entry:{uuid.uuid4().hex}"
    return _change(customer_id, PointsEntry(asked=points, reason=reason, key=key, source=source, kind=Kind.MANUAL))


def earn(customer_id: int, points: int, key: str, source: str, reason: str) -> PointsEntry:
    """Add points once for `key` ("invoice-12"), which no request can use. Raises what change_points raises."""
    entry = PointsEntry(asked=points, reason=reason, key=rules.earned_key(key), source=source, kind=Kind.EARN)
    return _change(customer_id, entry)


def grant(customer_id: int, points: int, kind: Kind, key: str, source: str, reason: str) -> PointsEntry:
    """Give points by a rule, bonus or referral, once for `key`. Raises what change_points raises."""
    counts = points if queries.settings_here().bonus_counts else 0
    entry = PointsEntry(asked=points, reason=reason, key=granted_key(key), source=source, kind=kind, counts=counts)
    return _change(customer_id, entry)


def earn_for(customer_id: int, amount: int, key: str, sale: Sale) -> PointsEntry | None:
    """Add what an amount earns by the rules of now, once for `key`; None where it earns nothing.

    The entry keeps the rules, by which the amount may change later.
    """
    with transaction():
        customer = lock_customer(customer_id)
        earlier = _with_key(rules.earned_key(key))
        return earlier or _earn(customer, 0, amount, key, sale)


def re_earn(customer_id: int, key: str, before: int, after: int, sale: Sale) -> PointsEntry | None:
    """Follow an amount that changed: earn the difference or take it back, by the rules under which it was earned.

    What had earned nothing earns by the rules of now, for what was added. Returns None where no point changes.
    """
    with transaction():
        customer = lock_customer(customer_id)
        root = _with_key(rules.earned_key(key))
        if root is None:
            return _earn(customer, before, after, key, sale)
        if root.customer_id != customer.id:
            raise ConflictError(_("This customer was separated from another one meanwhile. Open the page again."))
        if root.rule is None:
            # Of the time before rules were kept: what it earned is the rule.
            root.rule = {"points": root.applied, "per": before, "multiplier": rules.ONE}
        if _is_taken_back_by_hand(root):
            return None
        followers = queries.followers_of(root.id)
        return _make(customer, root, followers, _earned_by(root.rule, after) - _net(root, followers), sale.source)


def take_back(key: str, source: str) -> PointsEntry | None:
    """Take back all that was earned under `key`: what is spent is owed. Returns None where nothing is to be taken."""
    return _take_back(rules.earned_key(key), source)


def claw_back(key: str, source: str) -> PointsEntry | None:
    """Take back what was granted under `key`: what is spent is owed. Returns None where nothing is to be taken."""
    return _take_back(granted_key(key), source)


def redeem(customer_id: int, points: int, key: str, source: str, reason: str) -> PointsEntry:
    """Spend points, all of them or none, once for `key`; oldest first.

    Raises TooFewError with what there is, KeyReusedError for other content, ConflictError when the customer is gone.
    """
    reason, key = clean_line(reason), f"redeemed:{key}"
    _check(points, reason)
    if points < 0:
        raise PointsError(_(rules.NOTHING))
    with transaction():
        customer = lock_customer(customer_id)
        entry = PointsEntry(asked=-points, reason=reason, key=key, source=source, kind=Kind.REDEEM)
        if (earlier := _same(customer, entry)) is not None:
            return earlier
        found = Ledger(customer)
        found.close_overdue()
        if found.spendable < points:
            raise TooFewError(_too_few(customer, found.spendable))
        return found.debit(REDEEMED, entry)


def give_back(entry_id: int, source: str) -> PointsEntry:
    """Return what a redemption took, to the lots that it came from; a second call changes nothing."""
    with transaction():
        customer, taken = _lock_entry(entry_id)
        if taken.kind is not Kind.REDEEM:
            raise ConflictError(_("This entry spent nothing, so nothing can be given back."))
        return _reversal_of(taken.id) or Ledger(customer).give_back(RETURNED, _reversal(taken, source), taken)


def reverse(entry_id: int, source: str = MANUAL) -> PointsEntry:
    """Reverse an entry and return the reversing entry; a second call changes nothing.

    Spent points stay spent: the balance never falls below 0. Raises ConflictError for a reversal, or when it is gone.
    """
    with transaction():
        customer, taken = _lock_entry(entry_id)
        if taken.is_reversal:
            raise ConflictError(_("This entry already takes another one back. Add or deduct points instead."))
        if not taken.may_be_reversed:
            raise ConflictError(_("This entry follows from something else. Add or deduct points instead."))
        if (earlier := _reversal_of(entry_id)) is not None:
            return earlier
        entry, found = _reversal(taken, source), Ledger(customer)
        entry.kind, entry.counts, entry.counts_on = Kind.MANUAL, -taken.counts, taken.counts_on
        if taken.applied < 0:
            return found.give_back(REVERSED, entry, taken)
        followers = queries.followers_of(taken.id)
        entry.asked, entry.counts = -_net(taken, followers), -sum(one.counts for one in [taken, *followers])
        # What it paid of the customer's debt is owed again.
        paid = -sum(one.owed for one in followers if one.kind is Kind.SETTLE)
        return found.debit(REVERSED, entry, first={taken.id}, owes=paid)


def keep_active(customer_id: int) -> None:
    """Move points that end by inactivity on, as an earning does: the customer is here today."""
    with transaction():
        settings = queries.settings_here()
        if settings.expiry is Expiry.INACTIVITY:
            customer = lock_customer(customer_id)
            found = Ledger(customer)
            found.close_overdue()
            ledger.prolong(found.lots, settings, found.today)


def rebuild(customer_id: int) -> bool:
    """Set what follows from the entries; False when they agree. Raises ConflictError when the customer is gone."""
    with transaction() as session:
        customer = lock_customer(customer_id)
        is_changed = ledger.rebuild_lots(customer_id)
        applied, owed = session.execute(
            sa.select(sa.func.sum(PointsEntry.applied), sa.func.sum(PointsEntry.owed)).where(
                PointsEntry.customer_id == customer_id
            )
        ).one()
        # Read before anything changes: a read writes what has changed.
        counted, settings, today = queries.counted_of(customer_id), queries.settings_here(), queries.today_here()
        customer.loyalty_points, customer.points_owed = max(0, int(applied or 0)), max(0, int(owed or 0))
        ledger.set_standing(customer, counted, settings, today)
        changes = changes_of(customer)
        if changes:
            customer.updated_at = db_now()
            record("points.rebuilt", customer, customer_id=customer.id, changes=changes)
        return is_changed or bool(changes)


def give_first_lots() -> None:
    """Make lots of entries that are of the time before them, as an older backup has them."""
    while True:
        with transaction():
            if not ledger.give_first_lots(FIRST_LOTS):
                return


def granted_key(key: str) -> str:
    """Prefix `key` so that no request's key can equal it."""
    return f"granted:{key}"


def _change(customer_id: int, entry: PointsEntry) -> PointsEntry:
    entry.reason = clean_line(entry.reason)
    _check(entry.asked, entry.reason)
    with transaction():
        customer = lock_customer(customer_id)
        if (earlier := _same(customer, entry)) is not None:
            return earlier
        found = Ledger(customer)
        return found.credit(CHANGED, entry) if entry.asked > 0 else found.debit(CHANGED, entry)


def _same(customer: Customer, entry: PointsEntry) -> PointsEntry | None:
    """Return what an earlier request with the same key made; raises KeyReusedError if that had other content."""
    earlier = _with_key(entry.key)
    if earlier is None:
        return None
    if (earlier.customer_id, earlier.asked, earlier.reason, earlier.source) != (
        customer.id,
        entry.asked,
        entry.reason,
        entry.source,
    ):
        raise KeyReusedError
    return earlier


def _with_key(key: str) -> PointsEntry | None:
    return db.session.scalar(sa.select(PointsEntry).where(PointsEntry.key == key))


def _earn(customer: Customer, before: int, after: int, key: str, sale: Sale) -> PointsEntry | None:
    """Earn by the rules of now; an amount `before` earned nothing, and goes on earning nothing."""
    rule = _rule_now(customer, sale)
    if before:
        rule["base"] = before
    points = _earned_by(rule, after)
    if points <= 0:
        return None
    reason = clean_line(sale.reason)
    entry = PointsEntry(asked=points, reason=reason, source=sale.source, key=rules.earned_key(key), rule=rule)
    entry.kind = Kind.EARN
    return Ledger(customer).credit(CHANGED, entry)


def _rule_now(customer: Customer, sale: Sale) -> dict[str, Any]:
    organization, settings = current_organization(), queries.settings_here()
    starts = customer.birthday_counts_from
    birthday = customer.birthday if starts is None or starts <= sale.day else ""
    fitting = queries.multipliers_for(multipliers.Purchase(sale.day, Tier(customer.tier), sale.branch_id, birthday))
    multiplier = rules.combined([one.thousandths for one in fitting], add_up=settings.multipliers_add_up)
    rule: dict[str, Any] = {"points": organization.earn_points, "per": organization.earn_per, "multiplier": multiplier}
    return rule | ({"multipliers": [one.id for one in fitting]} if fitting else {})


def _earned_by(rule: dict[str, Any], amount: int) -> int:
    earned = rules.earned(amount, rule["points"], rule["per"], rule["multiplier"])
    base = rule.get("base", 0)
    return max(0, earned - rules.earned(base, rule["points"], rule["per"], rule["multiplier"])) if base else earned


def _take_back(key: str, source: str) -> PointsEntry | None:
    with transaction():
        customer_id = db.session.scalar(sa.select(PointsEntry.customer_id).where(PointsEntry.key == key))
        if customer_id is None:
            return None
        customer, root = lock_customer(customer_id), _with_key(key)
        if root is None or root.customer_id != customer.id:
            raise ConflictError(_("This customer was unmerged in the meantime. Reload the page."))
        if _is_taken_back_by_hand(root):
            return _reversal_of(root.id)
        followers = queries.followers_of(root.id)
        return _make(customer, root, followers, -_net(root, followers), source) or _reversal_of(root.id)


def _make(
    customer: Customer, root: PointsEntry, followers: Sequence[PointsEntry], points: int, source: str
) -> PointsEntry | None:
    """Let what is earned under `root` become so many points more, or less."""
    if not points:
        return None
    counts = points if root.counts else 0
    entry = PointsEntry(asked=points, counts=counts, of_id=root.id, source=source)
    entry.key = f"change:{root.id}:{len(followers)}"
    if points > 0:
        entry.kind, entry.reason, entry.rule = root.kind, root.reason, root.rule
        return Ledger(customer).credit(CHANGED, entry)
    entry.kind, entry.reason, entry.counts_on = Kind.CLAWBACK, taken_back(root.reason, rules.MAX_REASON), root.counts_on
    if -points == _net(root, followers) and _reversal_of(root.id) is None:
        entry.key, entry.reverses_id = f"reverse:{root.id}", root.id
    return Ledger(customer).debit(REVERSED, entry, first={root.id, *(one.id for one in followers)}, owes=-points)


def _net(root: PointsEntry, followers: Sequence[PointsEntry]) -> int:
    """Return what is earned under an entry now: a clawback counts whole, whether it took points or they are owed."""
    changes = [one for one in followers if one.kind in (root.kind, Kind.CLAWBACK)]
    return int(root.applied + sum(one.applied - one.owed for one in changes))


def _is_taken_back_by_hand(root: PointsEntry) -> bool:
    earlier = _reversal_of(root.id)
    return earlier is not None and earlier.kind is not Kind.CLAWBACK


def _reversal_of(entry_id: int) -> PointsEntry | None:
    return db.session.scalar(sa.select(PointsEntry).where(PointsEntry.reverses_id == entry_id))


def _reversal(taken: PointsEntry, source: str) -> PointsEntry:
    kind = Kind.RETURN if taken.kind is Kind.REDEEM else Kind.MANUAL
    key, reason = f"reverse:{taken.id}", taken_back(taken.reason, rules.MAX_REASON)
    return PointsEntry(kind=kind, reason=reason, source=source, key=key, reverses_id=taken.id, of_id=taken.id)


def _lock_entry(entry_id: int) -> tuple[Customer, PointsEntry]:
    customer_id = db.session.scalar(sa.select(PointsEntry.customer_id).where(PointsEntry.id == entry_id))
    customer = lock_customer(customer_id or 0)
    entry = db.session.get_one(PointsEntry, entry_id, populate_existing=True)
    if entry.customer_id != customer.id:
        raise ConflictError(_("This customer was unmerged in the meantime. Reload the page."))
    return customer, entry


def _too_few(customer: Customer, points: int) -> str:
    if not points:
        return _("%(name)s has no points to spend.", name=customer.name)
    return ngettext(
        "%(name)s has %(num)s point to spend.",
        "%(name)s has %(num)s points to spend.",
        points,
        name=customer.name,
        num=format_number(points, current_organization().locale),
    )


def _check(points: int, reason: str) -> None:
    sentence = rules.problem(points)
    if sentence is None and len(reason) > rules.MAX_REASON:
        sentence = _("Shorten the reason to %(number)s characters.", number=rules.MAX_REASON)
    if sentence:
        raise PointsError(sentence)
