"""What becomes of referrals: by codes, invoices, staff, merges and time.

Locks in this order: due work, customers, the referral.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from crm.badges import services as badges
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.invoices.models import Invoice
from crm.kernel.branch_scope import all_branches
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor, use_organization
from crm.kernel.work import due
from crm.loyalty import queries as loyalty_queries
from crm.loyalty import services as loyalty
from crm.loyalty.rules import Kind
from crm.loyalty.words import own
from crm.people.own_sources import REFERRAL
from crm.referrals.models import Referral
from crm.referrals.rules import LAPSES_AFTER, Reason, State
from crm.referrals.suspicion import reasons_against
from crm.values import clock
from crm.values.language import N_
from crm.values.language import gettext as _

HOLD, LAPSE = "referral hold", "referral lapse"
"""Kinds of due work: the ends of holds, and of the time to buy."""

ALL_BRANCHES = {"all_branches": True}
BATCH = 50
CAME, BROUGHT = own(N_("Came by a referral")), own(N_("Brought a new customer"))
"""Reasons of points."""


def join(friend: Customer, referrer: Customer) -> Referral:
    """Note, within the transaction that adds the friend, who brought them."""
    referral = Referral(referrer_id=referrer.id, friend_id=friend.id, state=State.JOINED, joined_at=clock.utcnow())
    db.session.add(referral)
    db.session.flush()
    due.put_off(LAPSE, [referral.id], database_now() + LAPSES_AFTER)
    for customer, other in ((friend, "referrer"), (referrer, "friend")):
        record("referral.joined", referral, customer_id=customer.id, changes={"by": [None, other]})
    _look_at(referral, referrer, friend)
    return referral


@all_branches()
def follow_invoice(customer: Customer, invoice: Invoice) -> None:
    """Let the first open invoice that is large enough count; one that counted and became too small counts no more."""
    referral = _lock_of_friend(customer)
    if referral is None:
        return
    is_enough = _is_enough(invoice)
    if referral.state is State.JOINED:
        if not _look_at(referral, lock_customer(referral.referrer_id), customer) and is_enough:
            _qualify(referral, invoice)
    elif referral.state is State.REFUSED and referral.why == [Reason.REDUCED]:
        if is_enough and referral.invoice_id == invoice.id:
            _qualify(referral, invoice)
    elif referral.invoice_id == invoice.id and not is_enough:
        _end(referral, State.REFUSED, Reason.REDUCED)
        badges.look_at_customer(referral.referrer_id)
    if referral.state is State.REVIEW and referral.invoice_id is None and is_enough:
        referral.invoice_id = invoice.id


@all_branches()
def forget_invoice(customer: Customer, invoice: Invoice) -> None:
    """Take both rewards back when the invoice that counted is voided; no later one counts."""
    referral = _lock_of_friend(customer)
    if referral is None or referral.invoice_id != invoice.id:
        return
    if referral.state is not State.LAPSED or referral.friend_grant:
        _end(referral, State.REFUSED, Reason.VOID)
        badges.look_at_customer(referral.referrer_id)


@all_branches()
def approve(referral_id: int) -> Referral:
    """Let a referral go on whatever speaks against it; raises ConflictError for one that is not to be reviewed."""
    with transaction():
        referral = _lock(referral_id)
        if not referral.may_be_approved:
            if referral.is_approved and referral.state is not State.REFUSED:
                return referral
            raise ConflictError(_("This referral can't be approved any more."))
        referral.is_approved, referral.decided_by_id, referral.ended_at = True, current_actor(), None
        _change(referral, State.JOINED, "referral.approved")
        referral.reasons = ""
        invoice = _counting(referral)
        if invoice is not None:
            _qualify(referral, invoice)
        elif referral.invoice_id is not None:
            _end(referral, State.REFUSED, Reason.VOID)
        elif clock.utcnow() >= referral.joined_at + LAPSES_AFTER:
            _end(referral, State.LAPSED, Reason.LATE)
        return referral


@all_branches()
def refuse(referral_id: int) -> Referral:
    """End a referral and take the friend's reward back; raises ConflictError for one that ended otherwise."""
    with transaction():
        referral = _lock(referral_id)
        if referral.state is State.REFUSED:
            return referral
        if not referral.may_be_refused:
            raise ConflictError(_("This referral can't be refused any more."))
        referral.decided_by_id = current_actor()
        _end(referral, State.REFUSED, *referral.why, Reason.STAFF)
        return referral


def end_hold_in(organization_id: int) -> bool:
    """Reward referrers whose friends' purchases stood; True when there may be more."""
    return _each_due(organization_id, HOLD, _reward)


def lapse_in(organization_id: int) -> bool:
    """End referrals of friends who did not buy in time; True when there may be more."""
    return _each_due(organization_id, LAPSE, _lapse)


def end_as_one(referral: Referral) -> None:
    """End a referral whose two were merged: they were one."""
    _end(referral, State.REFUSED, Reason.SAME)


def review_again(referral: Referral) -> None:
    """Let staff look at a referral whose friend turned out to have been a customer, before its referrer is rewarded."""
    referral.reasons = Reason.KNOWN
    _change(referral, State.REVIEW, "referral.review")


def take_up(referral: Referral, state: State, reasons: str) -> None:
    """Let a referral be what it was before a merge that is undone."""
    _change(referral, state, "referral.approved" if state is not State.REVIEW else "referral.review")
    referral.reasons, referral.ended_at = reasons, None
    if state in (State.QUALIFIED, State.REWARDED):
        _give_friend(referral)
        due.put_off(HOLD, [referral.id], referral.held_until or database_now())
    if state is State.REWARDED:
        _give_referrer(referral)


def _each_due(organization_id: int, kind: str, act: Callable[[int], None]) -> bool:
    for _turn in range(BATCH):
        with use_organization(organization_id), transaction():
            ids = due.lock_due(kind, 1)
            for id_ in ids:
                act(id_)
            due.settle(kind, ids)
            if not ids:
                return False
    return True


def _reward(referral_id: int) -> None:
    referral = _found(referral_id)
    if referral is None or referral.state is not State.QUALIFIED:
        return
    referrer = lock_customer(referral.referrer_id)
    if referrer.is_archived:
        _end(referral, State.LAPSED, Reason.GONE, keeps=True)
    elif _counting(referral) is None:
        _end(referral, State.REFUSED, Reason.VOID)
    else:
        _give_referrer(referral)
        _change(referral, State.REWARDED, "referral.rewarded", of_referrer=True)
        badges.look_at_customer(referral.referrer_id)


def _lapse(referral_id: int) -> None:
    referral = _found(referral_id)
    if referral is not None and referral.state is State.JOINED:
        _end(referral, State.LAPSED, Reason.LATE)


def _look_at(referral: Referral, referrer: Customer, friend: Customer) -> bool:
    """Put a referral into the queue if something speaks against it; True if so."""
    if referral.is_approved:
        return False
    limit = loyalty_queries.settings_here().referral_weekly_limit
    found = reasons_against(referral, referrer, friend, limit)
    if found:
        referral.reasons = " ".join(found)
        _change(referral, State.REVIEW, "referral.review")
    return bool(found)


def _qualify(referral: Referral, invoice: Invoice) -> None:
    settings, now = loyalty_queries.settings_here(), clock.utcnow()
    referral.reasons, referral.ended_at = "", None
    if referral.qualified_at is None or referral.held_until is None:
        referral.invoice_id, referral.qualified_at = invoice.id, now
        referral.friend_points, referral.referrer_points = settings.friend_points, settings.referrer_points
        referral.held_until = invoice.created_at + dt.timedelta(days=settings.referral_hold_days)
    _give_friend(referral)
    _change(referral, State.QUALIFIED, "referral.qualified")
    if referral.held_until <= now:
        _reward(referral.id)
    else:
        due.put_off(HOLD, [referral.id], referral.held_until)


def _give_friend(referral: Referral) -> None:
    if not referral.friend_grant:
        referral.friend_grant = _grant(referral, referral.friend_id, referral.friend_points, CAME)


def _give_referrer(referral: Referral) -> None:
    if not referral.referrer_grant:
        referral.referrer_grant = _grant(referral, referral.referrer_id, referral.referrer_points, BROUGHT)


def _grant(referral: Referral, customer_id: int, points: int, reason: str) -> int:
    """Grant points and return the number of the grant; 0 for no points."""
    if points <= 0:
        return 0
    referral.grants += 1
    loyalty.grant(customer_id, points, Kind.REFERRAL, _key(referral, referral.grants), REFERRAL, reason)
    return referral.grants


def _end(referral: Referral, state: State, *reasons: Reason, keeps: bool = False) -> None:
    """End a referral and take back what was given for it, unless the friend `keeps` theirs."""
    if referral.friend_grant and not keeps:
        loyalty.claw_back(_key(referral, referral.friend_grant), REFERRAL)
        referral.friend_grant = 0
    if referral.referrer_grant:
        loyalty.claw_back(_key(referral, referral.referrer_grant), REFERRAL)
        referral.referrer_grant = 0
    referral.reasons, referral.ended_at = " ".join(dict.fromkeys(reasons)), clock.utcnow()
    _change(referral, state, f"referral.{state.value}")


def _change(referral: Referral, state: State, action: str, *, of_referrer: bool = False) -> None:
    changes = {"state": [referral.state, state], "reasons": [None, referral.reasons]}
    referral.state = state
    whose = referral.referrer_id if of_referrer else referral.friend_id
    record(action, referral, customer_id=whose, changes=changes)


def _is_enough(invoice: Invoice) -> bool:
    return not invoice.is_void and invoice.amount >= loyalty_queries.settings_here().referral_minimum


def _counting(referral: Referral) -> Invoice | None:
    """Return the invoice that counts, if it is open and large enough."""
    found = sa.select(Invoice).where(Invoice.id == referral.invoice_id)
    invoice = db.session.scalars(found, execution_options=ALL_BRANCHES).one_or_none()
    return invoice if invoice is not None and _is_enough(invoice) else None


def _lock_of_friend(customer: Customer) -> Referral | None:
    """Lock the referral by which a locked customer came, after its referrer."""
    found = sa.select(Referral.id).where(Referral.friend_id == customer.id)
    id_ = db.session.scalar(found, execution_options=ALL_BRANCHES)
    return None if id_ is None else _found(id_)


def _lock(referral_id: int) -> Referral:
    """Lock a referral after both customers; raises ConflictError for one that is gone."""
    found = sa.select(Referral.referrer_id, Referral.friend_id).where(Referral.id == referral_id)
    pair = db.session.execute(found, execution_options=ALL_BRANCHES).one_or_none()
    for id_ in sorted(pair or ()):
        lock_customer(id_)
    referral = _read(referral_id)
    if referral is None:
        raise ConflictError(_("This referral is gone: one of the customers was deleted."))
    return referral


def _found(referral_id: int) -> Referral | None:
    found = sa.select(Referral.referrer_id).where(Referral.id == referral_id)
    referrer_id = db.session.scalar(found, execution_options=ALL_BRANCHES)
    if referrer_id is None:
        return None
    lock_customer(referrer_id)
    return _read(referral_id)


def _read(referral_id: int) -> Referral | None:
    found = locked(sa.select(Referral).where(Referral.id == referral_id))
    return db.session.scalars(found, execution_options=ALL_BRANCHES).one_or_none()


def _key(referral: Referral, number: int) -> str:
    return f"referral:{referral.id}:{number}"
