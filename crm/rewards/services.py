"""What is done with vouchers: each function is one intent of a user and one transaction.

Locks in this order: due work, the customer, the voucher, the reward. One UPDATE decides who uses a voucher, and one
who gets the last of a stock. Somebody stands at the counter, so both wait for SQLite's write lock as jobs do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.invoices.models import Invoice
from crm.kernel.db import transaction, wait_as_jobs_do
from crm.kernel.errors import ConflictError, FieldError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey, is_used
from crm.kernel.tenancy import current_actor
from crm.kernel.work import due
from crm.people.own_sources import MANUAL, OWN_PAGE
from crm.rewards import points as ledger
from crm.rewards.checks import none_left, refusal, standing_of, today_here
from crm.rewards.codes import new_code
from crm.rewards.models import Reward, Voucher
from crm.rewards.refusals import RewardError, refused_invoice, refused_undo, refused_use
from crm.rewards.rules import MAX_COST, UNDO_WITHIN, VoucherState
from crm.rewards.signals import voucher_issued
from crm.values import clock
from crm.values.language import gettext as _

EXPIRY = "voucher expiry"
"""The kind of due work: vouchers whose last day is over."""

UNSEEN = {"synchronize_session": False, "all_branches": True}
"""How an UPDATE runs that decides by its number of rows; the caller found the row by what they may see."""


def redeem(
    customer_id: int,
    reward_id: int,
    points: int | None = None,
    request_key: RequestKey | None = None,
    source: str = MANUAL,
    branch_id: int | None = None,
    *,
    at_once: bool = False,
) -> Voucher:
    """Take the points for a reward and issue its voucher; the same request issues one.

    `points` are how many, for a reward by the points. `branch_id` is where it is asked for. `at_once` uses the voucher,
    too. Raises FieldError for a wrong number of points, RewardError with the reason where the reward is not open to the
    customer, PointsError, and KeyReusedError.
    """
    wait_as_jobs_do()
    with transaction():
        customer = lock_customer(customer_id)
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Voucher)
        reward = _reward(reward_id)
        cost = cost_of(reward, points)
        sentence = refusal(reward, standing_of(customer, branch_id, to_them=source == OWN_PAGE), cost)
        if sentence:
            raise RewardError(sentence)
        voucher = _issue(customer, reward, points=cost, source=source)
        voucher.entry_id = ledger.spend(customer, cost, voucher.code, source, reward.name)
        once.made(voucher.id)
        if at_once:
            return use(voucher.id, branch_id=branch_id)
        voucher_issued.send(voucher)
        return voucher


def give(customer_id: int, reward_id: int, key: str, source: str) -> Voucher:
    """Issue a voucher without points, once for `key` ("badge:7:12:1"), whatever dates, tiers and limits say.

    Raises RewardError when the reward is archived or none is left, and ConflictError when the customer is gone.
    """
    with transaction() as session:
        customer = lock_customer(customer_id)
        earlier = session.scalar(sa.select(Voucher).where(Voucher.key == key), execution_options={"all_branches": True})
        if earlier is not None:
            return earlier
        reward = _reward(reward_id)
        if reward.is_archived:
            raise RewardError(_("%(reward)s is no longer offered.", reward=reward.name))
        voucher = _issue(customer, reward, points=0, source=source, key=key)
        voucher_issued.send(voucher)
        return voucher


def use(
    voucher_id: int,
    *,
    branch_id: int | None = None,
    invoice_id: int | None = None,
    request_key: RequestKey | None = None,
) -> Voucher:
    """Use a voucher, once, for a purchase; the same request is answered alike.

    Raises UseError, which knows who used it, when and where, and VoucherError for another reason.
    """
    _refuse_early(voucher_id, request_key)
    wait_as_jobs_do()
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Voucher)
        voucher, today = _voucher(voucher_id), today_here()
        invoice = session.get(Invoice, invoice_id) if invoice_id is not None else None
        if voucher.state_on(today) is VoucherState.ISSUED:
            refused_invoice(voucher, invoice, branch_id)
        used = {"used_at": clock.utcnow(), "used_by_id": current_actor(), "branch_id": branch_id}
        if not _turn(voucher, _is_good(today), state=VoucherState.USED, invoice_id=invoice_id, **used):
            raise refused_use(voucher)
        due.settle(EXPIRY, [voucher.id])
        _tell("voucher.used", voucher, {"branch_id": [None, branch_id]})
        once.made(voucher.id)
        return voucher


def undo_use(voucher_id: int, *, is_manager: bool) -> Voucher:
    """Take a use back: by whoever used it, for a while, or by a manager. Raises VoucherError."""
    with transaction():
        voucher = _voucher(voucher_id)
        may = sa.and_(Voucher.used_by_id == current_actor(), Voucher.used_at > clock.utcnow() - UNDO_WITHIN)
        conditions = (Voucher.state == VoucherState.USED, sa.true() if is_manager else may)
        blank = dict.fromkeys(("used_at", "used_by_id", "branch_id", "invoice_id"))
        if not _turn(voucher, conditions, state=VoucherState.ISSUED, **blank):
            raise refused_undo(voucher)
        _plan_expiry(voucher)
        _tell("voucher.use_undone", voucher)
        return voucher


def may_undo(voucher: Voucher, *, is_manager: bool) -> bool:
    """Whether the acting user may take the use back now."""
    if voucher.state is not VoucherState.USED or voucher.used_at is None:
        return False
    is_theirs = voucher.used_by_id == current_actor() and voucher.used_at > clock.utcnow() - UNDO_WITHIN
    return is_manager or is_theirs


def points_come_back() -> bool:
    """Whether the points of a voucher return when it expires unused."""
    return ledger.expired_return()


def cancel(voucher_id: int, source: str = MANUAL) -> Voucher:
    """Take a redemption back: the voucher is void, and its points return; a second call changes nothing.

    Raises VoucherError for one that was used or has expired.
    """
    with transaction():
        customer = lock_customer(_customer_of(voucher_id))
        voucher = _voucher(voucher_id)
        if voucher.customer_id != customer.id:
            raise ConflictError(_("This customer was unmerged in the meantime. Reload the page."))
        if not _turn(voucher, _is_good(today_here()), state=VoucherState.CANCELED, ended_at=clock.utcnow()):
            if voucher.state is VoucherState.CANCELED:
                return voucher
            raise refused_use(voucher)
        _return(voucher, source)
        due.settle(EXPIRY, [voucher.id])
        _tell("voucher.canceled", voucher, {"points": [voucher.points, 0]})
        return voucher


def expire(voucher_ids: Iterable[int], *, return_points: bool) -> list[int]:
    """Mark the vouchers among these whose last day is over, within a transaction; return the ids of those that aren't.

    `return_points`: as the organization has it.
    """
    today, later = today_here(), []
    found = sa.select(Voucher).where(Voucher.id.in_(sorted(voucher_ids)), Voucher.state == VoucherState.ISSUED)
    for voucher in db.session.scalars(found.order_by(Voucher.customer_id, Voucher.id)).all():
        if voucher.expires_on is None:
            continue
        if return_points and voucher.points:
            lock_customer(voucher.customer_id)
        is_over = (Voucher.state == VoucherState.ISSUED, Voucher.expires_on < today)
        if _turn(voucher, is_over, state=VoucherState.EXPIRED, ended_at=clock.utcnow()):
            if return_points:
                _return(voucher, "Expired voucher")
            _tell("voucher.expired", voucher, {"points": [voucher.points, 0]} if return_points else {})
        elif voucher.state is VoucherState.ISSUED:
            later.append(voucher.id)
    return later


def expiry_moment(last_day: dt.date) -> dt.datetime:
    """Return when the day after the last one begins."""
    midnight = dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time())
    return clock.at_or_after(midnight, clock.zone(current_organization().time_zone))


def cost_of(reward: Reward, points: int | None) -> int:
    """Return the points that a redemption takes; raises FieldError where `points` are none that it can take."""
    if not reward.by_points:
        if points not in (None, reward.cost):
            raise FieldError(
                "points", _("The price of %(reward)s is fixed: leave the points empty.", reward=reward.name)
            )
        return reward.cost
    if points is None or not reward.cost <= points <= MAX_COST:
        raise FieldError("points", _("Enter how many points, from %(least)s up.", least=reward.cost))
    return points


def _refuse_early(voucher_id: int, request_key: RequestKey | None) -> None:
    """Refuse what can't be used before anybody waits for SQLite's write lock; a repeated request is answered alike."""
    voucher = _voucher(voucher_id)
    if voucher.state is not VoucherState.ISSUED and not is_used(request_key):
        raise refused_use(voucher)


def _issue(customer: Customer, reward: Reward, *, points: int, source: str, key: str | None = None) -> Voucher:
    _take_one(reward)
    voucher = Voucher(
        customer_id=customer.id,
        reward_id=reward.id,
        name=reward.name,
        kind=reward.kind,
        value=reward.worth(points) if points else reward.value,
        details=reward.details,
        maximum=reward.maximum,
        minimum_spend=reward.minimum_spend,
        points=points,
        key=key,
        source=source,
        state=VoucherState.ISSUED,
        issued_at=clock.utcnow(),
        issued_by_id=current_actor(),
        expires_on=reward.expires_on(today_here()),
    )
    _save(voucher)
    _plan_expiry(voucher)
    changes = {"name": [None, voucher.name], "points": [0, points]}
    if voucher.expires_on:
        changes["expires_on"] = [None, voucher.expires_on.isoformat()]
    _tell("voucher.issued", voucher, changes)
    return voucher


def _save(voucher: Voucher) -> None:
    """Write a voucher under a new code; two are the same once in 10¹³."""
    while True:
        voucher.code = new_code()
        try:
            with db.session.begin_nested():
                db.session.add(voucher)
            return
        except IntegrityError:
            taken = sa.select(Voucher.id).where(Voucher.code == voucher.code)
            if db.session.scalar(taken, execution_options={"all_branches": True}) is None:
                raise


def _take_one(reward: Reward) -> None:
    """Take one of the stock; raises RewardError when it is empty or the reward was archived meanwhile."""
    has_one = sa.or_(Reward.stock.is_(None), Reward.taken < Reward.stock)
    taken = sa.update(Reward).where(Reward.id == reward.id, Reward.archived_at.is_(None), has_one)
    if not _rows(taken.values(taken=Reward.taken + 1)):
        db.session.refresh(reward)
        raise RewardError(
            _("%(reward)s is no longer offered.", reward=reward.name) if reward.is_archived else none_left(reward)
        )
    db.session.expire(reward, ["taken"])


def _return(voucher: Voucher, source: str) -> None:
    """Return the points of a voucher, and its place in the stock."""
    if voucher.entry_id is not None:
        ledger.give_back(voucher.entry_id, source)
    returned = sa.update(Reward).where(Reward.id == voucher.reward_id, Reward.taken > 0)
    _rows(returned.values(taken=Reward.taken - 1))


def _is_good(today: dt.date) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Voucher.state == VoucherState.ISSUED,
        sa.or_(Voucher.expires_on.is_(None), Voucher.expires_on >= today),
    )


def _turn(voucher: Voucher, conditions: Iterable[sa.ColumnElement[bool]], **values: Any) -> bool:
    """Change a voucher that meets the conditions, in one statement; read it again in any case."""
    turned = _rows(sa.update(Voucher).where(Voucher.id == voucher.id, *conditions).values(**values))
    db.session.refresh(voucher)
    return bool(turned)


def _rows(statement: Any) -> int:
    result: Any = db.session.execute(statement, execution_options=UNSEEN)
    return int(result.rowcount)


def _plan_expiry(voucher: Voucher) -> None:
    if voucher.expires_on is not None:
        due.put_off(EXPIRY, [voucher.id], expiry_moment(voucher.expires_on))


def _reward(reward_id: int) -> Reward:
    reward = db.session.scalar(sa.select(Reward).where(Reward.id == reward_id))
    if reward is None:
        raise ConflictError(_("This reward has been deleted."))
    return reward


def _voucher(voucher_id: int) -> Voucher:
    found = sa.select(Voucher).where(Voucher.id == voucher_id).options(joinedload(Voucher.reward))
    voucher = db.session.scalars(found, execution_options={"populate_existing": True}).one_or_none()
    if voucher is None:
        raise ConflictError(_("This voucher was deleted with its customer."))
    return voucher


def _customer_of(voucher_id: int) -> int:
    return db.session.scalar(sa.select(Voucher.customer_id).where(Voucher.id == voucher_id)) or 0


def _tell(action: str, voucher: Voucher, changes: dict[str, Any] | None = None) -> None:
    told = {"name": [voucher.name, voucher.name], "code": [voucher.code, voucher.code], **(changes or {})}
    record(action, voucher, customer_id=voucher.customer_id, changes=told)
