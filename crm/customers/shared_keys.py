"""Keys that two customers share: refused, or recorded as a possible duplicate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.accounts.queries import current_organization
from crm.customers.duplicate_pairs import record_pairs
from crm.customers.models import Customer, CustomerKey
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.people.contact_fields import ContactFields
from crm.people.identity import is_placeholder, is_stopgap
from crm.people.matching import SHARED_BY_MANY, Doubt, Keys, Kind, Pair
from crm.people.names import names_agree
from crm.values import phone
from crm.values.language import N_
from crm.values.language import gettext as _


class EmailTakenError(SentenceError):
    """`other` is None for a customer whom the user may not see."""

    def __init__(self, other: Customer | None) -> None:
        if other is None:
            sentence = _("A customer of another branch already has this e-mail. Leave it empty, or ask a manager.")
        elif other.is_archived:
            sentence = _(
                "%(name)s, who is archived, already has this e-mail. Restore them, or leave the e-mail empty.",
                name=other.name,
            )
        else:
            sentence = _("%(name)s already has this e-mail.", name=other.name)
        super().__init__(sentence)
        self.other = other


_HAS = {
    Kind.PHONE: N_("%(name)s already has this number."),
    Kind.EMAIL: N_("%(name)s already has this e-mail."),
    Kind.PASSPORT: N_("%(name)s already has this passport number."),
}
_HAS_ELSEWHERE = {
    Kind.PHONE: N_("A customer of another branch already has this number."),
    Kind.EMAIL: N_("A customer of another branch already has this e-mail."),
    Kind.PASSPORT: N_("A customer of another branch already has this passport number."),
}


class Sharing(NamedTuple):
    """Another customer with a key that two people may share; `other` is None when the user may not see them."""

    kind: Kind
    other: Customer | None

    @property
    def sentence(self) -> str:
        return _(_HAS[self.kind], name=self.other.name) if self.other else _(_HAS_ELSEWHERE[self.kind])


class SharedError(SentenceError):
    """Another customer has a key already. `is_new`: who is saved has no row yet."""

    def __init__(self, shared: Sharing, *, is_new: bool) -> None:
        self.kind, self.other = shared
        if self.other is None:
            advice = _("Check it, or save a new person.") if is_new else _("Check it, or save anyway.")
        elif is_new:
            advice = _("Open %(name)s, or save a new person.", name=self.other.name)
        else:
            advice = _("Open %(name)s, or save anyway.", name=self.other.name)
        super().__init__(f"{shared.sentence} {advice}")


@contextmanager
def unique_email(customer: Customer) -> Iterator[None]:
    """Flush the block's changes; raises EmailTakenError by the unique index, also between concurrent requests."""
    taken: sa.ColumnElement[bool] = sa.false()
    try:
        # Begin before the change: a savepoint flushes earlier changes outside of itself.
        with db.session.begin_nested():
            yield
            taken = sa.and_(Customer.email == customer.email, Customer.id != (customer.id or 0))
    except IntegrityError:
        if not _exists_in_any_branch(taken):
            raise
        raise EmailTakenError(db.session.scalar(sa.select(Customer).where(taken))) from None


def keys_of(customer: Customer) -> Keys:
    return ContactFields.of(customer).known().keys


def refuse_shared(customer: Customer, keys: Keys) -> None:
    with db.session.no_autoflush:
        for shared in sharing(keys, customer.id):
            raise SharedError(shared, is_new=customer.id is None)


def sharing(keys: Keys, customer_id: int | None) -> Iterator[Sharing]:
    """Yield who else has each of the keys; main e-mails are left to `unique_email`."""
    for kind, value in keys.items():
        shared = sa.and_(_has_key(kind, value, customer_id), Customer.archived_at.is_(None))
        other = db.session.scalar(sa.select(Customer).where(shared).order_by(Customer.id).limit(1))
        if other is not None or _exists_in_any_branch(shared):
            yield Sharing(kind, other)


def known_as(values: Mapping[str, Any], customer_id: int | None) -> list[Sharing]:
    """Return who else has the phone, e-mail or passport number that is typed into a form."""
    contact = ContactFields.read(values, current_organization().phone_region).known()
    found = list(sharing(contact.keys, customer_id))
    if contact.email:
        has_it = sa.and_(Customer.email == contact.email, Customer.id != (customer_id or 0))
        other = db.session.scalar(sa.select(Customer).where(has_it))
        if other is not None or _exists_in_any_branch(has_it):
            found = [Sharing(Kind.EMAIL, other), *(shared for shared in found if shared.kind is not Kind.EMAIL)]
    return found


def record_duplicates(customer: Customer, keys: Keys) -> None:
    doubts: dict[tuple[int, int], tuple[Pair, str]] = {}
    for kind, value in keys.items():
        others = db.session.execute(
            sa.select(Customer.id, Customer.name, Customer.passport_number)
            .where(_has_key(kind, value, customer.id))
            .order_by(Customer.id)
            .limit(SHARED_BY_MANY),
            execution_options={"all_branches": True},
        ).all()
        for other in others if len(others) < SHARED_BY_MANY else ():
            passports = set(filter(_is_telling, (customer.passport_number, other.passport_number)))
            doubt = Doubt.KEYS if names_agree(customer.name, other.name) else Doubt.NAMES
            doubt = Doubt.PASSPORTS if len(passports) == 2 else doubt
            first, second = sorted((customer.id, other.id))
            doubts.setdefault((first, second), (Pair(other.id, kind, doubt), value))
    record_pairs(doubts)


def _is_telling(passport: str) -> bool:
    return not is_placeholder(passport) and not is_stopgap(passport)


def _has_key(kind: Kind, value: str, customer_id: int | None) -> sa.ColumnElement[bool]:
    """Match unmerged customers with a key; e-mails in own fields are left to `unique_email`."""
    values = phone.variants(value) if kind is Kind.PHONE else [value]
    own: sa.Select[Any] = sa.select(Customer.id)
    if kind is Kind.PHONE:
        own = own.where(Customer.phone.in_(values), Customer.phone_valid)
    elif kind is Kind.PASSPORT:
        own = own.where(Customer.passport_number == value, Customer.passport_number != "")
    beside = sa.select(CustomerKey.customer_id).where(CustomerKey.value.in_(values), CustomerKey.kind == kind.value)
    found = beside if kind is Kind.EMAIL else sa.union(own, beside)
    return sa.and_(Customer.id.in_(found), Customer.id != (customer_id or 0), Customer.merged_into_id.is_(None))


def _exists_in_any_branch(condition: sa.ColumnElement[bool]) -> bool:
    found = sa.select(Customer.id).where(condition).limit(1)
    return db.session.scalar(found, execution_options={"all_branches": True}) is not None
