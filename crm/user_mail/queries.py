"""Reads of users' addresses and of links to them."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import User
from crm.kernel.columns import db_now
from crm.kernel.extensions import db
from crm.user_mail.models import UserLink
from crm.user_mail.rules import Kind


def waiting_address(user_id: int) -> str:
    """Return the address that the user has still to confirm, or ""."""
    found = sa.select(UserLink.address).where(
        UserLink.user_id == user_id, UserLink.kind == Kind.CONFIRM, UserLink.expires_at > db_now()
    )
    return db.session.scalar(found) or ""


def user_of(link: UserLink) -> User:
    return db.session.get_one(User, link.user_id)
