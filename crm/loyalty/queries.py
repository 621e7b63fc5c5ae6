"""Reads of the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from crm.accounts.queries import branch_names, current_organization
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.customers.rules import TotalsDifference
from crm.kernel.columns import constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.loyalty import checks, multipliers, tiers
from crm.loyalty.lots import Lot
from crm.loyalty.models import LoyaltySettings, PointsDraw, PointsEntry, PointsMultiplier
from crm.loyalty.rules import Kind, add_months, earned_key
from crm.loyalty.words import said, when_in_words, why
from crm.values import clock
from crm.values.language import ngettext
from crm.web import filters
from crm.web.filters import number as shown

PANEL_ENTRIES = 10
PAGE_SIZE = 50


class HistoryEntry(NamedTuple):
    entry: PointsEntry
    is_reversed: bool

    @property
    def may_be_reversed(self) -> bool:
        return not self.is_reversed and self.entry.may_be_reversed and self.entry.applied != 0

    @property
    def reason(self) -> str:
        takes_back = self.entry.is_reversal or self.entry.kind is Kind.CLAWBACK
        return said(self.entry.reason, is_reversal=takes_back)


class History(NamedTuple):
    """Entries, the latest first, and the cursor of the older ones."""

    rows: list[HistoryEntry]
    older: int | None


class Earned(NamedTuple):
    """What was earned, and how much of that was deducted since."""

    earned: int = 0
    taken_back: int = 0

    @property
    def held(self) -> int:
        return self.earned - self.taken_back


def earned_under(key: str) -> Earned:
    """Return what was earned under a key, and what was deducted of that since."""
    root = db.session.scalar(sa.select(PointsEntry).where(PointsEntry.key == earned_key(key)))
    if root is None:
        return Earned()
    changes = [entry for entry in followers_of(root.id) if entry.kind in CHANGES_OF_EARNING]
    earned = root.applied + sum(entry.applied for entry in changes if entry.kind is Kind.EARN)
    return Earned(earned, -sum(entry.applied for entry in changes if entry.kind is not Kind.EARN))


def followers_of(entry_id: int) -> Sequence[PointsEntry]:
    """Return the entries that follow one, as clawbacks follow what was earned."""
    statement = sa.select(PointsEntry).where(PointsEntry.of_id == entry_id).order_by(PointsEntry.id)
    return db.session.scalars(statement).all()


def today_here() -> dt.date:
    return clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()


def settings_here() -> LoyaltySettings:
    return db.session.scalars(sa.select(LoyaltySettings)).one_or_none() or LoyaltySettings.defaults()


def multipliers_here() -> Sequence[PointsMultiplier]:
    return db.session.scalars(sa.select(PointsMultiplier).order_by(PointsMultiplier.id)).all()


def multipliers_shown() -> list[tuple[PointsMultiplier, str]]:
    """Return the multipliers with when they are in force, in words."""
    names = dict(branch_names())
    return [(one, when_in_words(one, names.get(one.branch_id or 0, ""))) for one in multipliers_here()]


def multipliers_for(purchase: multipliers.Purchase) -> list[multipliers.Multiplier]:
    return multipliers.fitting(multipliers_here(), purchase)


def open_lots(customer_id: int) -> list[Lot]:
    return [Lot(*row) for row in db.session.execute(_OPEN_LOTS, {"customer": customer_id})]


def whose_points_end(first: dt.date, last: dt.date) -> sa.Select[int]:
    """Select the customers with points whose last day is one of these."""
    return sa.select(PointsEntry.customer_id).where(*_ending(first, last))


def first_end(customer_id: sa.ColumnElement[int] | Any, first: dt.date, last: dt.date) -> sa.ScalarSelect[Any]:
    """Select the first of these days on which points of a customer end."""
    ends = sa.select(sa.func.min(PointsEntry.expires_on)).where(PointsEntry.customer_id == customer_id)
    return ends.where(*_ending(first, last)).scalar_subquery()


def _ending(first: dt.date, last: dt.date) -> tuple[sa.ColumnElement[bool], ...]:
    return PointsEntry.remaining > 0, PointsEntry.expires_on >= first, PointsEntry.expires_on <= last


def drawn_by(entry_id: int) -> list[tuple[Lot, int, Kind]]:
    """Return the lots that an entry drew from, how many points of each, and the kinds of the lots' entries."""
    rows = db.session.execute(
        sa.select(PointsEntry.id, PointsEntry.expires_on, PointsEntry.remaining, PointsDraw.points, PointsEntry.kind)
        .join(PointsEntry, PointsEntry.id == PointsDraw.lot_id)
        .where(PointsDraw.entry_id == entry_id)
        .order_by(PointsEntry.id)
    )
    return [(Lot(id_, ends, left), points, kind) for id_, ends, left, points, kind in rows]


def spent_of(key: str) -> Sequence[int]:
    """Return the ids of the entries that took of the points earned under `key`."""
    root = sa.select(PointsEntry.id).where(PointsEntry.key == earned_key(key)).scalar_subquery()
    lots = sa.select(PointsEntry.id).where(sa.or_(PointsEntry.id == root, PointsEntry.of_id == root))
    takes = sa.select(PointsDraw.entry_id).where(PointsDraw.lot_id.in_(lots), PointsDraw.points > 0)
    return db.session.scalars(takes.distinct()).all()


def times_closed(lot_ids: Collection[int]) -> Mapping[int, int]:
    """Return how often lots were closed, those that were."""
    closed = sa.select(PointsEntry.of_id, sa.func.count()).where(
        PointsEntry.kind == Kind.EXPIRE, one_of(PointsEntry.of_id, lot_ids)
    )
    return {int(row[0] or 0): row[1] for row in db.session.execute(closed.group_by(PointsEntry.of_id))}


def counted_of(customer_id: int) -> dict[dt.date, int]:
    """Return the points that count for the tier, by day."""
    return {day: int(points) for day, points in db.session.execute(_COUNTED, {"customer": customer_id})}


def counted_of_many(customer_ids: Sequence[int]) -> dict[int, dict[dt.date, int]]:
    """Return the points that count for the tier, by customer and day."""
    statement = (
        sa.select(PointsEntry.customer_id, PointsEntry.counts_on, sa.func.sum(PointsEntry.counts))
        .where(one_of(PointsEntry.customer_id, customer_ids))
        .group_by(PointsEntry.customer_id, PointsEntry.counts_on)
    )
    found: dict[int, dict[dt.date, int]] = {}
    for customer_id, day, points in db.session.execute(statement, execution_options={"all_branches": True}):
        found.setdefault(customer_id, {})[day] = int(points)
    return found


def spendable(customer_id: int, today: dt.date) -> int:
    """Return what a customer can spend now."""
    return sum(lot.left for lot in open_lots(customer_id) if not lot.is_over(today))


def expiring(customer_ids: Iterable[int], today: dt.date) -> dict[int, list[tuple[dt.date, int]]]:
    """Return by customer until when how many points can be spent, every date, the next one first."""
    rows = db.session.execute(
        sa.select(PointsEntry.customer_id, PointsEntry.expires_on, sa.func.sum(PointsEntry.remaining))
        .where(
            one_of(PointsEntry.customer_id, customer_ids),
            PointsEntry.remaining > constant(0),
            PointsEntry.expires_on >= today,
        )
        .group_by(PointsEntry.customer_id, PointsEntry.expires_on)
        .order_by(PointsEntry.customer_id, PointsEntry.expires_on)
    )
    found: dict[int, list[tuple[dt.date, int]]] = {}
    for customer_id, day, points in rows:
        if day is not None:
            found.setdefault(customer_id, []).append((day, int(points)))
    return found


class Points(NamedTuple):
    """Of one customer: what counts for the tier, what is over though no job closed it, and what ends when."""

    counted: int
    over: int
    expiring: list[tuple[dt.date, int]]


def points_of(customer_ids: Sequence[int], window: tiers.Window, today: dt.date) -> dict[int, Points]:
    """Return what customers have, in one statement."""
    open_: Any = (
        sa.select(
            PointsEntry.customer_id,
            PointsEntry.expires_on.label("day"),
            sa.func.sum(PointsEntry.remaining).label("points"),
            sa.literal_column("0").label("counted"),
        )
        .where(one_of(PointsEntry.customer_id, customer_ids), PointsEntry.remaining > constant(0))
        .where(PointsEntry.expires_on.is_not(None))
        .group_by(PointsEntry.customer_id, PointsEntry.expires_on)
    )
    counted: Any = sa.select(
        PointsEntry.customer_id, sa.null().label("day"), sa.literal_column("0"), sa.func.sum(PointsEntry.counts)
    ).where(one_of(PointsEntry.customer_id, customer_ids))
    if window is tiers.Window.ROLLING:
        counted = counted.where(PointsEntry.counts_on > add_months(today, -tiers.WINDOW_MONTHS))
    elif window is tiers.Window.YEAR:
        counted = counted.where(PointsEntry.counts_on >= today.replace(month=1, day=1))
    rows: Sequence[Any] = db.session.execute(sa.union_all(open_, counted.group_by(PointsEntry.customer_id))).all()
    found = {id_: Points(0, 0, []) for id_ in customer_ids}
    for customer_id, day, points, sum_ in rows:
        of_customer = found[customer_id]
        if day is None:
            found[customer_id] = of_customer._replace(counted=of_customer.counted + int(sum_))
        elif day < today:
            found[customer_id] = of_customer._replace(over=of_customer.over + int(points))
        else:
            of_customer.expiring.append((day, int(points)))
    for of_customer in found.values():
        of_customer.expiring.sort()
    return found


def standing(customer: Customer, today: dt.date) -> tiers.Standing:
    """Return a customer's tier, why they have it, and what the next one takes."""
    return tiers.standing(counted_of(customer.id), settings_here().policies, today)


class PointsByDay(NamedTuple):
    """Of one customer: points by their last day, None for those without one, and what counts for the tier, by day."""

    open: dict[dt.date | None, int]
    counted: dict[dt.date, int]

    def spendable(self, today: dt.date) -> int:
        return sum(points for day, points in self.open.items() if day is None or day >= today)

    def expiring(self, today: dt.date) -> list[tuple[dt.date, int]]:
        """Return until when how many points can be spent, every date, the next one first."""
        return sorted((day, points) for day, points in self.open.items() if day is not None and day >= today)


def days_of(customer_id: int) -> PointsByDay:
    """Return what a customer's page needs to know of all entries, in one statement."""
    found = PointsByDay({}, {})
    for is_open, day, points in db.session.execute(_DAYS, {"customer": customer_id}):
        if is_open:
            found.open[day] = int(points)
        else:
            found.counted[day] = int(points)
    return found


def settings_with(customer: Customer) -> LoyaltySettings:
    """Return the rules that a customer's page loaded with the customer (`WITH_SETTINGS`)."""
    found: LoyaltySettings | None = customer.loyalty_settings  # type: ignore[attr-defined]
    return found or LoyaltySettings.defaults()


def history_of(customer_id: int, limit: int = PAGE_SIZE, before: int | None = None) -> History:
    statement = _OF_CUSTOMER
    if before is not None:
        statement = statement.where(PointsEntry.id < before)
    found = db.session.execute(statement, {"customer": customer_id, "most": limit + 1}).all()
    rows = [HistoryEntry(entry, taken_back) for entry, taken_back in found]
    return History(rows[:limit], rows[limit - 1].entry.id if len(rows) > limit else None)


def panel_data(customer: Customer) -> dict[str, Any]:
    """Return what the panel shows; the page shows what can be spent, too."""
    today, settings, has = filters.today(), settings_with(customer), customer.has("points")
    days = days_of(customer.id) if has else PointsByDay({}, {})
    standing = tiers.standing(days.counted, settings.policies, today)
    customer.facts["loyalty_points"] = days.spendable(today)
    return {
        "history": history_of(customer.id, PANEL_ENTRIES) if has else History([], None),
        "spendable": days.spendable(today),
        "expiring": days.expiring(today),
        "why": why(standing, settings.tier_window),
    }


def count_in_words(customer_id: int) -> str:
    statement = sa.select(sa.func.count(PointsEntry.id)).where(PointsEntry.customer_id == customer_id)
    number = db.session.scalars(statement).one()
    if not number:
        return ""
    return ngettext("%(num)s points entry", "%(num)s points entries", number, num=shown(number))


def differences() -> list[TotalsDifference]:
    """Return where balances, lots, tiers and entries disagree, by customer; each statement reads one snapshot."""
    return checks.differences(settings_here().policies, today_here())


def wrong_lots(customer_id: int) -> list[tuple[int, int]]:
    """Return the entries whose remainder is not what the draws leave, with what they leave."""
    return [(row.id, row.left) for row in checks.wrong_lots(customer_id)]


def entries(customer_id: int) -> sa.Select[PointsEntry]:
    return sa.select(PointsEntry).where(PointsEntry.customer_id == customer_id).order_by(PointsEntry.id.desc())


def _is_reversed() -> sa.Exists:
    later = aliased(PointsEntry)
    return sa.exists().where(later.reverses_id == PointsEntry.id)


CHANGES_OF_EARNING = frozenset({Kind.EARN, Kind.CLAWBACK, Kind.MANUAL})

_OPEN_LOTS = prepared(
    sa.select(PointsEntry.id, PointsEntry.expires_on, PointsEntry.remaining)
    .where(PointsEntry.customer_id == sa.bindparam("customer"), PointsEntry.remaining > constant(0))
    .order_by(PointsEntry.expires_on, PointsEntry.id)
)
_COUNTED = prepared(
    sa.select(PointsEntry.counts_on, sa.func.sum(PointsEntry.counts))
    .where(PointsEntry.customer_id == sa.bindparam("customer"))
    .group_by(PointsEntry.counts_on)
)
HAS = any_of(PointsEntry)
"""The condition of customers with points entries."""

_DAYS: sa.CompoundSelect[Any] = prepared(
    sa.union_all(
        sa.select(sa.literal(True), PointsEntry.expires_on, sa.func.sum(PointsEntry.remaining))
        .where(PointsEntry.customer_id == sa.bindparam("customer"), PointsEntry.remaining > constant(0))
        .group_by(PointsEntry.expires_on),
        sa.select(sa.literal(False), PointsEntry.counts_on, sa.func.sum(PointsEntry.counts))
        .where(PointsEntry.customer_id == sa.bindparam("customer"))
        .group_by(PointsEntry.counts_on),
    )
)
_OF_CUSTOMER = prepared(
    sa.select(PointsEntry, _is_reversed())
    .where(PointsEntry.customer_id == sa.bindparam("customer"))
    .options(joinedload(PointsEntry.created_by))
    .order_by(PointsEntry.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
