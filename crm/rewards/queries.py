"""Reads of rewards and vouchers: what is offered, what a customer has, and the lists. All of it is bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.queries import branch_names
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.customers.search import find_ids
from crm.kernel.columns import constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.rewards.checks import refusal, standing_of, today_here
from crm.rewards.codes import is_code, read_code
from crm.rewards.models import Reward, Voucher
from crm.rewards.rules import VoucherState
from crm.values.choices import unknown_choice
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.values.text import clean_line, fold
from crm.web.filters import today
from crm.web.forms import new_key
from crm.web.lists import Page, read_page

PANEL_SIZE = 20
PAGE_SIZE = 50
MOST_OFFERED = 200
"""Rewards among which a customer chooses, the cheapest first."""
MOST_SEARCHED, LATEST = 1_000, 20_000
"""Rewards among which a search looks for a name, and the latest of their vouchers that it finds."""
SHORTEST_CODE = 4
"""Characters of a code from which on its beginning is searched for."""

OFFERED, ARCHIVED = "", "archived"
SHOWN: dict[str, str] = {OFFERED: N_("Offered"), ARCHIVED: N_("Archived")}


class Offer(NamedTuple):
    """A reward for a customer; `refusal` says why it is not open to them, "" if it is."""

    reward: Reward
    refusal: str = ""


class RewardFilter(NamedTuple):
    show: str = OFFERED
    unknown: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> RewardFilter:
        show = args.get("show", "")
        return cls(show if show in SHOWN else "", unknown_choice(args, show=SHOWN))

    def query(self) -> dict[str, Any]:
        return {"show": self.show} if self.show else {}

    def statement(self) -> sa.Select[Reward]:
        found = sa.select(Reward).where(sa.false()) if self.unknown else sa.select(Reward)
        of_state = Reward.archived_at.is_not(None) if self.show == ARCHIVED else Reward.archived_at.is_(None)
        return found.where(of_state).order_by(Reward.cost, Reward.id)


class VoucherFilter(NamedTuple):
    """A list of vouchers by the query of a URL."""

    q: str = ""
    state: VoucherState | None = None
    customer: int | None = None
    unknown: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> VoucherFilter:
        """Read the query; an unknown state matches nothing, and `unknown` says so."""
        state = next((state for state in VoucherState if state == args.get("state")), None)
        return cls(clean_line(args.get("q", ""))[:200], state, unknown=unknown_choice(args, state=list(VoucherState)))

    @property
    def narrowed(self) -> bool:
        return bool(self.state or self.unknown)

    def query(self, **changes: Any) -> dict[str, Any]:
        values = {"q": self.q, "state": self.state and self.state.value, **changes}
        return {name: value for name, value in values.items() if value}

    def statement(self) -> sa.Select[Voucher]:
        conditions = self._conditions()
        if self.q:
            conditions.append(Voucher.id.in_(_found(self.q)))
        return sa.select(Voucher).where(*conditions).order_by(Voucher.id.desc())

    def _conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = [sa.false()] if self.unknown else []
        if self.customer is not None:
            found.append(Voucher.customer_id == self.customer)
        if self.state is not None:
            found.append(is_in(self.state))
        return found


def rewards_page(wanted: RewardFilter, number: int) -> Page[Reward]:
    return read_page(wanted.statement(), wanted, number)


def rewards(*, everything: bool) -> sa.Select[Reward]:
    """Select the rewards that are offered, or archived ones, too."""
    return RewardFilter().statement() if not everything else sa.select(Reward).order_by(Reward.cost, Reward.id)


def vouchers_page(wanted: VoucherFilter, number: int) -> Page[Voucher]:
    return read_page(with_all(wanted.statement()), wanted, number)


def with_all(statement: sa.Select[Voucher]) -> sa.Select[Voucher]:
    """Load what rows and the API show of vouchers."""
    return statement.options(joinedload(Voucher.customer), joinedload(Voucher.used_by))


def has_rewards() -> bool:
    return db.session.scalar(sa.select(Reward.id).limit(1)) is not None


def has_vouchers() -> bool:
    return db.session.scalar(sa.select(Voucher.id).limit(1)) is not None


def open_to(customer: Customer, branch_id: int | None = None, *, to_them: bool = False) -> list[Offer]:
    """Return what is offered to a customer, the cheapest first, each with why it is not open to them.

    `to_them`: the customer reads it.
    """
    rewards = db.session.scalars(RewardFilter().statement().limit(MOST_OFFERED)).all()
    if not rewards:
        return []
    standing = standing_of(customer, branch_id, to_them=to_them)
    return [Offer(reward, refusal(reward, standing)) for reward in rewards]


def vouchers_of(customer_id: int, limit: int = PAGE_SIZE) -> Sequence[Voucher]:
    """Return a customer's vouchers, those that can be used first, then the latest."""
    return db.session.scalars(_OF_CUSTOMER, {"customer": customer_id, "most": limit}).all()


def voucher_with_code(typed: str) -> Voucher | None:
    code = read_code(typed)
    return db.session.scalar(_BY_CODE, {"code": code}) if is_code(code) else None


def panel_data(customer: Customer, limit: int = PANEL_SIZE) -> dict[str, Any]:
    """Return the latest vouchers, those that can be used first; nothing where no rewards are."""
    if not customer.has("vouchers"):
        return {}
    rows = db.session.execute(_PANEL, {"customer": customer.id, "most": limit}).all()
    vouchers, day = [voucher for voucher, _offers in rows if voucher is not None], today()
    if not vouchers and not any(offers for _voucher, offers in rows):
        return {}
    ready = [voucher for voucher in vouchers if voucher.state_on(day) is VoucherState.ISSUED]
    others = [voucher for voucher in vouchers if voucher not in ready]
    return {"ready": ready, "others": others, "today": day, "key": new_key()}


def count_in_words(customer_id: int) -> str:
    count = db.session.scalars(sa.select(sa.func.count(Voucher.id)).where(Voucher.customer_id == customer_id)).one()
    return ngettext("%(num)s voucher", "%(num)s vouchers", count, num=f"{count:,}") if count else ""


def branches_of(vouchers: Sequence[Voucher]) -> dict[int, str]:
    """Return by id the names of the branches where vouchers were used."""
    if not any(voucher.branch_id for voucher in vouchers):
        return {}
    known = dict(branch_names())
    ids = {voucher.branch_id for voucher in vouchers if voucher.branch_id}
    return {id_: known.get(id_) or _("a deleted branch") for id_ in ids}


def is_in(state: VoucherState) -> sa.ColumnElement[bool]:
    """Test the state of today: the work that marks expired ones may come later."""
    is_over = sa.and_(Voucher.state == VoucherState.ISSUED, Voucher.expires_on < today_here())
    if state is VoucherState.EXPIRED:
        return sa.or_(Voucher.state == state, is_over)
    if state is VoucherState.ISSUED:
        return sa.and_(Voucher.state == state, sa.or_(Voucher.expires_on.is_(None), Voucher.expires_on >= today_here()))
    return Voucher.state == state


def _found(q: str) -> sa.CompoundSelect[Any]:
    """Select the ids of vouchers with this code, of these customers, or of rewards that are called so."""
    of_rewards = sa.select(Voucher.id).where(one_of(Voucher.reward_id, _rewards_called(q)))
    found: list[sa.Select[Any]] = [of_rewards.order_by(Voucher.id.desc()).limit(LATEST)]
    code = read_code(q)
    if len(code) >= SHORTEST_CODE and code.isascii() and code.isalnum():
        found.append(sa.select(Voucher.id).where(Voucher.code >= code, Voucher.code < f"{code}~"))
    if customers := find_ids(q):
        found.append(sa.select(Voucher.id).where(one_of(Voucher.customer_id, customers)))
    return sa.union_all(*(sa.select(each.subquery().c.id) for each in found))


def _rewards_called(q: str) -> list[int]:
    words = fold(q).split()
    rows = db.session.execute(sa.select(Reward.id, Reward.name).order_by(Reward.id.desc()).limit(MOST_SEARCHED))
    return [id_ for id_, name in rows if words and all(word in fold(name) for word in words)]


def _usable_first(statement: sa.Select[*tuple[Any, ...]]) -> Any:
    can_be_used = sa.case((Voucher.state == constant(VoucherState.ISSUED.value), 0), else_=1)
    found = statement.options(joinedload(Voucher.used_by)).order_by(can_be_used, Voucher.id.desc())
    return prepared(found.limit(sa.bindparam("most", type_=sa.Integer)))


_OF_CUSTOMER = _usable_first(sa.select(Voucher).where(Voucher.customer_id == sa.bindparam("customer")))
HAS = sa.or_(any_of(Voucher), any_of(Reward, sa.true()))
"""The condition of customers who have vouchers, or may get some."""

_PANEL = _usable_first(
    sa.select(Voucher, sa.exists(sa.select(Reward.id)))
    .select_from(Customer)
    .outerjoin(Voucher, Voucher.customer_id == Customer.id)
    .where(Customer.id == sa.bindparam("customer"))
)
"""A row without a voucher, too, says whether there are rewards."""
_BY_CODE = prepared(
    sa.select(Voucher)
    .where(Voucher.code == sa.bindparam("code"))
    .options(joinedload(Voucher.customer), joinedload(Voucher.used_by))
)
