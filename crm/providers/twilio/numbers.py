"""Which numbers organizations send from, and with whose account: no two name the same number of one account."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.accounts.services import organization_changed
from crm.kernel import vault
from crm.kernel.errors import FieldError
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.providers.twilio.account import ACCOUNT, SID
from crm.providers.twilio.gateway import PREFIXES
from crm.values.language import gettext as _
from crm.values.phone import variants

CHANNELS: tuple[Channel, ...] = tuple(PREFIXES)

_LOCK = 2_309
"""The number of the lock by which one organization at a time names its numbers."""


@organization_changed.connect
def check_numbers(organization: Organization, changes: dict[str, Any]) -> None:
    """Note whose account it is, and refuse numbers that another organization named first, once one of them changed."""
    if not changes.keys().isdisjoint(ACCOUNT.names):
        _note_account(organization, is_named=SID in changes)
    if not changes.keys().isdisjoint({*ACCOUNT.names, *(channel.sender_setting for channel in CHANNELS)}):
        _refuse_taken_numbers(organization)


def _note_account(organization: Organization, *, is_named: bool) -> None:
    """Say in the open which account the secrets are for; `is_named` when its SID changed."""
    if vault.names().isdisjoint(ACCOUNT.names):
        organization.twilio_account = ""
    elif is_named and (sid := vault.reveal(SID)):
        organization.twilio_account = hashlib.sha256(sid.encode()).hexdigest()
    elif is_named or not organization.twilio_account:
        organization.twilio_account = f"own-{organization.id}"


def _refuse_taken_numbers(organization: Organization) -> None:
    """Raise FieldError where another organization named a number of this one first, with the same account.

    Texts that come in to a number would reach both. A sender name gets no texts, so several may use it.
    """
    named = {channel.sender_setting: channel.sender(organization) for channel in CHANNELS}
    own = {setting: number for setting, number in named.items() if number.lstrip("+").isdigit()}
    if not own:
        return
    _wait_for_others()
    for setting, number in own.items():
        spellings = variants(number)
        others = sa.select(Organization.id).where(
            Organization.id != organization.id,
            Organization.twilio_account == organization.twilio_account,
            sa.or_(*(getattr(Organization, other).in_(spellings) for other in named)),
        )
        if db.session.scalar(others.limit(1)) is not None:
            raise FieldError(
                setting,
                _(
                    "Another organization sends from %(number)s with the same Twilio account. "
                    "Enter another number, or an account of your own.",
                    number=number,
                ),
            )


def _wait_for_others() -> None:
    # SQLite's transactions write one after the other already.
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
