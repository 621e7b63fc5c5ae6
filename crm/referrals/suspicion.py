"""What speaks against a referral: reads of both customers, whatever branch they are of."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy as sa

from crm.customers.models import Customer, CustomerKey
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.people.identity import is_placeholder
from crm.people.matching import Kind
from crm.people.names import names_agree
from crm.referrals.models import Referral
from crm.referrals.rules import WEEK, Reason, folded_address, folded_email
from crm.values import phone
from crm.values.text import fold

ALL_BRANCHES = {"all_branches": True}
MOST_IN_HOUSEHOLD = 50
FEWEST_DIGITS = 6
"""Of a number as it was typed, which nobody can call: fewer say nothing."""


def reasons_against(referral: Referral, referrer: Customer, friend: Customer, weekly_limit: int) -> list[Reason]:
    """Return why staff should look at a referral before anybody gets points."""
    return list(_found(referral, referrer, friend, weekly_limit))


def _found(referral: Referral, referrer: Customer, friend: Customer, weekly_limit: int) -> Iterator[Reason]:
    keys = _keys_of([referrer.id, friend.id])
    numbers, theirs = _numbers(referrer, keys), _numbers(friend, keys)
    if numbers & theirs:
        yield Reason.PHONE
    elif theirs and numbers and theirs & _household(numbers, (referrer.id, friend.id)):
        yield Reason.HOUSEHOLD
    if _values(Kind.EMAIL, referrer, keys) & _values(Kind.EMAIL, friend, keys):
        yield Reason.EMAIL
    if _values(Kind.PASSPORT, referrer, keys) & _values(Kind.PASSPORT, friend, keys):
        yield Reason.PASSPORT
    if referrer.name and friend.name and names_agree(referrer.name, friend.name):
        yield Reason.NAME
    if _have_one_address(referrer, friend):
        yield Reason.ADDRESS
    if _came_within_a_week(referral) > weekly_limit:
        yield Reason.MANY
    if referral.is_known:
        yield Reason.KNOWN


Keys = dict[int, list[tuple[str, str]]]


def _keys_of(ids: Collection[int]) -> Keys:
    """Return the kinds and values of further contacts, by customer."""
    found: Keys = {id_: [] for id_ in ids}
    rows = sa.select(CustomerKey.customer_id, CustomerKey.kind, CustomerKey.value)
    for id_, kind, value in db.session.execute(
        rows.where(one_of(CustomerKey.customer_id, ids)), execution_options=ALL_BRANCHES
    ):
        found[id_].append((kind, value))
    return found


def _numbers(customer: Customer, keys: Keys) -> set[str]:
    numbers = {phone.matching(value) for kind, value in keys[customer.id] if kind == Kind.PHONE}
    if customer.phone_valid:
        numbers.add(phone.matching(customer.phone))
    elif len(typed := phone.digits(customer.phone).lstrip("0")) >= FEWEST_DIGITS:
        numbers.add(typed)
    return {number for number in numbers if not is_placeholder(number)}


def _values(kind: Kind, customer: Customer, keys: Keys) -> set[str]:
    own = {Kind.EMAIL: customer.email, Kind.PASSPORT: customer.passport_number}[kind] or ""
    values = {own, *(value for each, value in keys[customer.id] if each == kind)}
    values = {value for value in values if value and not is_placeholder(value)}
    return {folded_email(value) for value in values} if kind is Kind.EMAIL else values


def _household(numbers: Collection[str], apart_from: Collection[int]) -> set[str]:
    """Return the numbers of others who share one of these numbers."""
    spellings = sorted({each for number in numbers for each in phone.variants(number)})
    own = sa.select(Customer.id).where(one_of(Customer.phone, spellings), Customer.phone_valid)
    beside = sa.select(CustomerKey.customer_id).where(one_of(CustomerKey.value, spellings), CustomerKey.kind == "phone")
    ids = db.session.scalars(sa.union(own, beside).limit(MOST_IN_HOUSEHOLD), execution_options=ALL_BRANCHES)
    others = [id_ for id_ in ids if id_ not in apart_from]
    if not others:
        return set()
    people = sa.select(Customer).where(one_of(Customer.id, others))
    keys = _keys_of(others)
    found = (_numbers(person, keys) for person in db.session.scalars(people, execution_options=ALL_BRANCHES))
    return set().union(*found)


def _have_one_address(one: Customer, other: Customer) -> bool:
    address = folded_address(one.address)
    if not address or address != folded_address(other.address):
        return False
    cities = {fold(one.city).strip(), fold(other.city).strip()} - {""}
    return len(cities) < 2


def _came_within_a_week(referral: Referral) -> int:
    """Count those who came with the referrer's code in the days before, this one among them."""
    came = sa.select(sa.func.count()).where(
        Referral.referrer_id == referral.referrer_id,
        Referral.joined_at > referral.joined_at - WEEK,
        Referral.joined_at <= referral.joined_at,
    )
    return db.session.scalars(came, execution_options=ALL_BRANCHES).one()
