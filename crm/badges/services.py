"""Granting and taking badges, in the transaction of what caused it, and the changes of badges."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.badges import gifts, queries
from crm.badges.gifts import Gift
from crm.badges.models import Badge, BadgeGrant
from crm.badges.rules import KEPT_AFTER, Period, Reward, reached
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel.columns import db_now
from crm.kernel.db import locked, transaction
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.values import clock

RULE = ("metric", "target", "period", "period_days", "times")


def add(values: dict[str, Any], request_key: RequestKey | None = None) -> Badge:
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Badge)
        badge = Badge(since=_today(), **{"times": 1, **values})
        _settle(badge)
        session.add(badge)
        record("badge.added", badge, changes=changes_of(badge))
        once.made(badge.id)
        return badge


def edit(badge_id: int, values: dict[str, Any]) -> Badge:
    """Change a badge; who has it keeps it. What it takes to reach it counts anew from today."""
    with transaction():
        badge = _locked(badge_id)
        for field, value in values.items():
            setattr(badge, field, value)
        _settle(badge)
        changes = changes_of(badge)
        if not changes.keys().isdisjoint(RULE):
            badge.version, badge.since = badge.version + 1, _today()
        if changes:
            badge.updated_at = db_now()
            record("badge.edited", badge, changes=changes)
        return badge


def archive(badge_id: int) -> Badge:
    """Grant a badge no longer; who has it keeps it."""
    return _turn(badge_id, archived=True)


def restore(badge_id: int) -> Badge:
    return _turn(badge_id, archived=False)


def look_at(customer: Customer) -> None:
    """Grant what a locked customer has reached, and take what they have not reached after all.

    To be called within the transaction of what changed; twice changes nothing.
    """
    badges = queries.badges()
    if not badges or customer.erased_at is not None:
        return
    db.session.flush()
    grants, history = queries.all_grants_of(customer.id), queries.history_of(customer.id)
    for badge in badges:
        own = [grant for grant in grants if grant.badge_id == badge.id]
        if own or not badge.is_archived:
            _follow(customer, badge, own, reached(badge.rule, history))


def look_at_customer(customer_id: int) -> None:
    with transaction():
        look_at(lock_customer(customer_id))


def _follow(customer: Customer, badge: Badge, own: Sequence[BadgeGrant], places: Sequence[str]) -> None:
    """Bring the grants of a badge to the places that were reached, and grant it no more often than its limit says.

    Two customers who became one keep what each had, above the limit too, as long as both together have reached it.
    """
    active = [grant for grant in own if not grant.is_taken]
    known = {grant.place for grant in active}
    if badge.counts_places:
        due, surplus = active[: len(places)], active[len(places) :]
        wanted = _free(known, len(places) - len(active))
    else:
        due = [grant for grant in active if grant.place in places]
        surplus = [grant for grant in active if grant.place not in places]
        wanted = [place for place in places if place not in known]
    if badge.times is not None:
        kept = len(active) if badge.counts_places else len(due)
        wanted = wanted[: max(0, badge.times - kept)]
    for grant in surplus:
        if grant.version == badge.version:
            _fall(customer, badge, grant)
    if badge.is_archived:
        return
    for grant in due:
        if grant.was_taken_back and grant.version == badge.version:
            gift = gifts.give(customer, badge, grant)
            if gift is not None:
                _tell("badge.gift_given", customer, badge, grant, gift)
    taken = {grant.place: grant for grant in own if grant.is_taken}
    for place in wanted:
        _grant(customer, badge, place, taken.get(place))


def _free(known: Collection[str], number: int) -> list[str]:
    """Return the first numbers that are no places yet."""
    numbers = (str(place) for place in itertools.count(1))
    return list(itertools.islice((place for place in numbers if place not in known), max(0, number)))


def _grant(customer: Customer, badge: Badge, place: str, taken: BadgeGrant | None) -> None:
    """Grant a badge, or give one back that was taken; a voucher that was used since is given once."""
    key = f"badge:{badge.id}:{customer.id}:{place}"
    grant = taken or BadgeGrant(badge_id=badge.id, customer_id=customer.id, place=place, key=key, given=Reward.NONE)
    grant.version, grant.granted_at, grant.taken_at = badge.version, clock.utcnow(), None
    db.session.add(grant)
    gift = gifts.give(customer, badge, grant) if grant.given is Reward.NONE else None
    db.session.flush()
    _tell("badge.granted", customer, badge, grant, gift)


def _fall(customer: Customer, badge: Badge, grant: BadgeGrant) -> None:
    """Take a badge that was granted a short while ago, and in any case what it gave."""
    is_short = clock.utcnow() - grant.granted_at <= KEPT_AFTER
    if not is_short and grant.given is Reward.NONE:
        return
    taken = gifts.take(grant)
    if is_short:
        grant.taken_at = clock.utcnow()
    if is_short or taken is not None:
        _tell("badge.taken" if is_short else "badge.gift_taken", customer, badge, grant, taken)


def _tell(action: str, customer: Customer, badge: Badge, grant: BadgeGrant, gift: Gift | None) -> None:
    changes: dict[str, Any] = {"name": [None, badge.name]}
    if gift is not None:
        changes |= {"given": [None, gift.kind.value], "points": [None, gift.points]}
    record(action, grant, customer_id=customer.id, changes=changes)


def _settle(badge: Badge) -> None:
    """Clear what the rule and the reward have no use for."""
    if badge.period is not Period.ROLLING:
        badge.period_days = None
    if badge.reward is not Reward.POINTS:
        badge.points = None
    if badge.reward is not Reward.VOUCHER:
        badge.reward_id = None


def _turn(badge_id: int, *, archived: bool) -> Badge:
    with transaction():
        badge = _locked(badge_id)
        if badge.is_archived is not archived:
            badge.archived_at = clock.utcnow() if archived else None
            badge.updated_at = db_now()
            record("badge.archived" if archived else "badge.restored", badge)
        return badge


def _locked(badge_id: int) -> Badge:
    return db.session.scalars(locked(sa.select(Badge).where(Badge.id == badge_id))).one()


def _today() -> dt.date:
    return clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()
