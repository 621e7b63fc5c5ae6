"""Changes of consent."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.consents.tokens import Subscription
from crm.customers.consents import BY_STAFF, Proof, column_of, set_consents
from crm.customers.models import Customer, CustomerKey
from crm.customers.rules import Consent, ConsentSource, MessagePurpose
from crm.customers.services import lock_customer, lock_unmerged
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import done_by_customer
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import channels_of, kind_named
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.opt_outs import services as opt_outs
from crm.values.language import gettext as _


def record_consent(customer_id: int, channel: Channel, purpose: MessagePurpose, state: Consent) -> bool:
    """Record what a customer told staff; False when it was known. Raises ConflictError for one who was erased."""
    with transaction():
        customer = lock_unmerged(customer_id)
        if customer.erased_at is not None:
            raise ConflictError(_("This customer was erased. Add them anew if they come back."))
        return set_consents(customer, {column_of(channel, purpose): value_of(purpose, state)}, BY_STAFF)


def unsubscribe(subscription: Subscription) -> None:
    """End marketing to an address, of the current organization; doing it again changes nothing.

    The address is known while a customer still has it; else its hash goes on the list.
    """
    addresses = kind_named(subscription.kind)
    with done_by_customer():
        customer = _holder(subscription.customer_id)
        known = [address for address in _addresses_of(customer, subscription.kind) if subscription.is_of(address)]
        address = known[0] if known else subscription.address
        with transaction():
            opt_outs.note_down(address, addresses, OptOutSource.UNSUBSCRIBE, purpose=Purpose.MARKETING)
        # It withdraws the consent of all whose address it is by now, and stops what waits.
        opt_outs.stop_pending([(address, addresses)])
        if customer is not None:
            proof = Proof(ConsentSource.UNSUBSCRIBE, address=known[0] if known else "")
            _withdraw(customer.id, channels_of(addresses), proof)


def _withdraw(customer_id: int, channels: Sequence[Channel], proof: Proof) -> None:
    """Withdraw the consent of the customer whom a link was sent to, whatever their address is by now."""
    columns = [column_of(channel, MessagePurpose.MARKETING) for channel in channels]
    with transaction():
        customer = lock_customer(customer_id)
        set_consents(customer, dict.fromkeys(filter(None, columns), Consent.WITHDRAWN), proof)


def _holder(customer_id: int) -> Customer | None:
    """Return the customer of a link, or the survivor of a merge; None for one who is gone or was erased."""
    customer = db.session.get(Customer, customer_id)
    while customer is not None and customer.merged_into_id is not None:
        customer = db.session.get(Customer, customer.merged_into_id)
    return customer if customer is not None and customer.erased_at is None else None


def _addresses_of(customer: Customer | None, kind: str) -> list[str]:
    if customer is None:
        return []
    further = sa.select(CustomerKey.value).where(CustomerKey.customer_id == customer.id, CustomerKey.kind == kind)
    main = customer.email if kind == "email" else customer.phone
    return [*filter(None, [main]), *db.session.scalars(further)]


def value_of(purpose: MessagePurpose, state: Consent) -> Consent | bool:
    """Return what the column of a purpose holds for a state."""
    return state if purpose is MessagePurpose.MARKETING else state is Consent.GIVEN
