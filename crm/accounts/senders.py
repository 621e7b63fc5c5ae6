"""Which numbers organizations send from, and with whose account: no two name the same number of one account."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.kernel import vault
from crm.kernel.errors import FieldError
from crm.kernel.extensions import db
from crm.values.phone import variants

ACCOUNT = frozenset({"twilio_account_sid", "twilio_auth_token", "twilio_messaging_service_sid"})
"""The secrets that make an account at Twilio an organization's own."""

NUMBERS = ("sms_from", "whatsapp_from")
NAMED_BY = ACCOUNT | set(NUMBERS)

_LOCK = 2_309
"""The number of the lock by which one organization at a time names its numbers."""


def note_account(organization: Organization, changed: Mapping[str, str]) -> None:
    """Say in the open that secrets changed, and which account at Twilio they are for, after they were kept."""
    organization.secrets_stamp = secrets.token_hex(16)
    if ACCOUNT.isdisjoint(vault.names()):
        organization.twilio_account = ""
    elif sid := changed.get("twilio_account_sid"):
        organization.twilio_account = hashlib.sha256(sid.encode()).hexdigest()
    elif not organization.twilio_account or "twilio_account_sid" in changed:
        organization.twilio_account = f"own-{organization.id}"


def refuse_taken_numbers(organization: Organization) -> None:
    """Raise FieldError where another organization named a number of this one first, with the same account.

    Texts that come in to a number would reach both. A sender name gets no texts, so several may use it.
    """
    own = {name: number for name in NUMBERS if (number := getattr(organization, name)).lstrip("+").isdigit()}
    if not own:
        return
    _wait_for_others()
    for name, number in own.items():
        spellings = variants(number)
        others = sa.select(Organization.id).where(
            Organization.id != organization.id,
            Organization.twilio_account == organization.twilio_account,
            sa.or_(Organization.sms_from.in_(spellings), Organization.whatsapp_from.in_(spellings)),
        )
        if db.session.scalar(others.limit(1)) is not None:
            raise FieldError(
                name,
                f"Another organization sends from {number} with the same Twilio account. "
                "Enter another number, or an account of your own.",
            )


def _wait_for_others() -> None:
    # SQLite's transactions write one after the other already.
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
