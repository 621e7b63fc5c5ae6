"""What customers do on their own page: each function is one intent and one transaction; its events say who did it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.bookings import services as bookings
from crm.bookings.models import Booking, BookingPerson, BookingStatus
from crm.customer_page.codes import channel_to, spend_code
from crm.customer_page.links import make_link, text_of
from crm.customer_page.models import ErasureRequest
from crm.customer_page.rules import Scope
from crm.customers.consents import Proof, column_of
from crm.customers.duplicate_pairs import record_pairs
from crm.customers.locks import lock_intake
from crm.customers.models import Customer
from crm.customers.rules import MARKETING, Consent, ConsentSource, MessagePurpose
from crm.customers.services import edit_customer, lock_customer
from crm.customers.shared_keys import EmailTakenError, known_as
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import done_by_customer, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import RequestKey
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.messages.services import schedule_message
from crm.people.contact_fields import KEY_FIELDS
from crm.people.matching import Doubt, Kind, Pair
from crm.people.names import names_agree
from crm.people.own_sources import OWN_PAGE
from crm.rewards import services as rewards
from crm.rewards.models import Voucher
from crm.values import clock
from crm.values.language import gettext as _
from crm.web_push import services as web_push

COUNTS_AFTER = dt.timedelta(days=7)
"""A birthday that the customer set is nothing to get a gift for at once."""

ERASED_WITHIN = dt.timedelta(days=30)


def switches() -> dict[str, Channel]:
    """Return the columns by which a customer allows messages, and marketing, with the channel of each."""
    columns = [(column_of(channel, purpose), channel) for purpose in MessagePurpose for channel in all_channels()]
    return {name: channel for name, channel in columns if name}


def is_on(customer: Customer, name: str) -> bool:
    return getattr(customer, name) in (True, Consent.GIVEN)


def switch_off(customer_id: int, names: Iterable[str]) -> None:
    """Withdraw consent, which needs no code."""
    _switch(customer_id, names, allowed=False)


def switch_on(customer_id: int, names: Iterable[str], code_id: int) -> None:
    with transaction():
        lock_customer(customer_id)
        spend_code(code_id)
        _switch(customer_id, names, allowed=True)


def change_profile(customer_id: int, values: Mapping[str, Any], code_id: int) -> list[Kind]:
    """Change what is known of the customer; return what somebody else has, which stays theirs until staff decided.

    As of anybody who comes in: a number or an e-mail that is another customer's main one is not taken from them, and
    the two are entered as possible duplicates.
    """
    with done_by_customer(), transaction():
        customer = lock_customer(customer_id)
        spend_code(code_id)
        kept = _shared_kinds(customer, values)
        left = {name: value for name, value in values.items() if name not in {KEY_FIELDS[kind] for kind in kept}}
        if left.get("birthday", customer.full_birthday) != customer.full_birthday:
            left["birthday_counts_from"] = today_here() + COUNTS_AFTER
        if Kind.PHONE in kept:
            left.pop("phone_extension", None)
        try:
            edit_customer(customer.id, left, another_person=True)
        except EmailTakenError:
            # Somebody took it since.
            raise ConflictError(_("This has changed in the meantime. Try again.")) from None
        return sorted(kept)


def ask_for_copy(customer_id: int, code_id: int) -> str:
    """Send a link to the copy of their data to the customer's known address, and return where to, masked."""
    with done_by_customer(), transaction():
        customer = lock_customer(customer_id)
        spend_code(code_id)
        channel = channel_to(customer)
        token = make_link(customer.id, Scope.DOWNLOAD).token
        subject, text = text_of(Scope.DOWNLOAD, token, customer)
        schedule_message(customer.id, channel, text, database_now(), subject=subject)
        return channel.addresses.masked(channel.addresses.of(customer))


def ask_for_erasure(customer_id: int, code_id: int) -> ErasureRequest:
    """Remember the wish to be erased as a reminder for staff; a wish that is open stays as it is."""
    with done_by_customer(), transaction() as session:
        customer = lock_customer(customer_id)
        spend_code(code_id)
        wish = open_wish(customer.id)
        if wish is None:
            wish = ErasureRequest(customer_id=customer.id, due_at=database_now() + ERASED_WITHIN)
            session.add(wish)
            session.flush()
            record("erasure.asked", wish, customer_id=customer.id, changes={"due_at": [None, wish.due_at.isoformat()]})
        return wish


def open_wish(customer_id: int) -> ErasureRequest | None:
    found = sa.select(ErasureRequest).where(ErasureRequest.customer_id == customer_id, ErasureRequest.done_at.is_(None))
    return db.session.scalars(found.limit(1)).first()


def redeem(customer_id: int, reward_id: int, points: int | None, key: RequestKey | None) -> Voucher:
    """Take the points for a reward; raises FieldError, RewardError, PointsError and KeyReusedError."""
    own = key and key._replace(key=f"own page {customer_id} {key.key}"[:100])
    with done_by_customer(), transaction():
        lock_customer(customer_id)
        return rewards.redeem(customer_id, reward_id, points, own, OWN_PAGE)


def allow_notices(customer_id: int, endpoint: str, p256dh: str, auth: str) -> None:
    """Send notices to a browser, which asked for permission itself; raises PushError."""
    with done_by_customer():
        web_push.subscribe(customer_id, endpoint, p256dh, auth)


def stop_notices(customer_id: int, endpoint: str | None) -> None:
    with done_by_customer():
        web_push.unsubscribe(customer_id, endpoint)


def confirm_booking(customer_id: int, booking_id: int) -> Booking:
    """Raise ConflictError for a booking that can't be confirmed by them."""
    with done_by_customer(), transaction():
        lock_intake()  # as whoever saves a booking, before its row
        booking = _own_booking(customer_id, booking_id)
        if booking.state is BookingStatus.CONFIRMED:
            return booking
        if booking.state is not BookingStatus.PENDING:
            raise ConflictError(_("This booking is canceled. Ask the shop."))
        return bookings.edit(booking_id, {"status": BookingStatus.CONFIRMED.value})


def cancel_booking(customer_id: int, booking_id: int) -> Booking:
    with done_by_customer(), transaction():
        return bookings.cancel(_own_booking(customer_id, booking_id).id)


def _own_booking(customer_id: int, booking_id: int) -> Booking:
    """Lock a booking for the customer who is its lead person.

    Raises LookupError for anybody else's, and ConflictError for one that is over.
    """
    theirs = sa.select(BookingPerson.booking_id).where(
        BookingPerson.customer_id == customer_id, BookingPerson.is_lead, BookingPerson.booking_id == booking_id
    )
    booking = db.session.scalars(locked(sa.select(Booking).where(Booking.id.in_(theirs)))).one_or_none()
    if booking is None:
        raise LookupError
    if booking.ends_on < today_here():
        raise ConflictError(_("This booking is over. Ask the shop."))
    return booking


def today_here() -> dt.date:
    return clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()


def _switch(customer_id: int, names: Iterable[str], *, allowed: bool) -> None:
    agreed = Consent.GIVEN if allowed else Consent.WITHDRAWN
    values = {name: agreed if name in MARKETING else allowed for name in names}
    said = [switch_label(name, channel) for name, channel in switches().items() if name in values]
    with done_by_customer():
        edit_customer(customer_id, values, proof=Proof(ConsentSource.PAGE, " ".join(said)))


def switch_label(name: str, channel: Channel) -> str:
    """Return what the customer reads beside a switch."""
    if name in MARKETING:
        return _("The shop may send me offers by %(channel)s", channel=channel.label)
    return _("The shop may write to me by %(channel)s", channel=channel.label)


def _shared_kinds(customer: Customer, values: Mapping[str, Any]) -> set[Kind]:
    """Enter who else has the new keys as possible duplicates, and return the kinds of these keys."""
    new = {
        KEY_FIELDS[kind]: values[KEY_FIELDS[kind]]
        for kind in (Kind.PHONE, Kind.EMAIL)
        if values.get(KEY_FIELDS[kind]) and values[KEY_FIELDS[kind]] != getattr(customer, KEY_FIELDS[kind])
    }
    pairs, kinds = {}, set()
    for sharing in known_as(new, customer.id):
        kinds.add(sharing.kind)
        other = sharing.other
        if other is None:
            continue
        first, second = sorted((customer.id, other.id))
        doubt = Doubt.KEYS if names_agree(customer.name, other.name) else Doubt.NAMES
        pairs[first, second] = (Pair(other.id, sharing.kind, doubt), new[KEY_FIELDS[sharing.kind]])
    record_pairs(pairs)
    return kinds
