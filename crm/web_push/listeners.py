"""What customers get notices of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.bookings.models import Booking
from crm.bookings.signals import booking_changed
from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.events import is_by_customer
from crm.kernel.extensions import db
from crm.rewards.models import Voucher
from crm.rewards.signals import voucher_issued
from crm.values import clock, language
from crm.web_push import notices
from crm.web_push.models import PushSubscription
from crm.web_push.services import ALL_BRANCHES, CARD, language_of, notify
from crm.web_push.settings import push_keys


@booking_changed.connect
def tell_of_booking(booking: Booking, customers: Sequence[int], changes: notices.Changes, **kwargs: Any) -> None:
    """Tell the customers of a booking what others changed."""
    if is_by_customer():
        return
    organization = current_organization()
    today = clock.to_local(clock.utcnow(), clock.zone(organization.time_zone)).date()
    _tell(
        customers,
        lambda: notices.of_booking(booking, changes, today, organization.locale),
        topic=f"booking-{booking.id}",
    )


@voucher_issued.connect
def tell_of_voucher(voucher: Voucher, **kwargs: Any) -> None:
    """Tell a customer of a voucher that they did not ask for themselves."""
    if is_by_customer():
        return
    locale = current_organization().locale
    _tell(
        [voucher.customer_id],
        lambda: notices.of_voucher(voucher.name, voucher.expires_on, locale),
        topic=f"voucher-{voucher.id}",
    )


def _tell(customer_ids: Sequence[int], say: Callable[[], str], *, topic: str, once: str | None = None) -> None:
    """Send those of the customers who get notices what `say` returns in their language, if it returns something."""
    if push_keys() is None or not customer_ids:
        return
    found = sa.select(Customer).where(
        one_of(Customer.id, customer_ids),
        sa.exists().where(
            PushSubscription.customer_id == Customer.id, PushSubscription.organization_id == Customer.organization_id
        ),
    )
    title = current_organization().name
    for customer in db.session.scalars(found.order_by(Customer.id), execution_options=ALL_BRANCHES).all():
        with language.speaking(language_of(customer)):
            if body := say():
                notify(customer.id, title, body, CARD, topic=topic, once=once)
