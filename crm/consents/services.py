"""Changes of consent."""

from __future__ import annotations

from crm.customers.consents import BY_STAFF, column_of, set_consents
from crm.customers.rules import Consent, MessagePurpose
from crm.customers.services import lock_unmerged
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.messages.channels.base import Channel
from crm.values.language import gettext as _


def record_consent(customer_id: int, channel: Channel, purpose: MessagePurpose, state: Consent) -> bool:
    """Record what a customer told staff; False when it was known. Raises ConflictError for one who was erased."""
    with transaction():
        customer = lock_unmerged(customer_id)
        if customer.erased_at is not None:
            raise ConflictError(_("This customer was erased. Add them anew if they come back."))
        return set_consents(customer, {column_of(channel, purpose): value_of(purpose, state)}, BY_STAFF)


def value_of(purpose: MessagePurpose, state: Consent) -> Consent | bool:
    """Return what the column of a purpose holds for a state."""
    return state if purpose is MessagePurpose.MARKETING else state is Consent.GIVEN
