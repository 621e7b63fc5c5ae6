"""Write a letter to a user; the worker sends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from crm.accounts.models import Membership, Organization, User
from crm.accounts.queries import locked_organization
from crm.accounts.sign_ins import first_organization
from crm.kernel import queue, vault
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.user_mail.gateways import may_go
from crm.user_mail.models import UserLetter
from crm.user_mail.rules import NOTICE_LASTS, TOLD_AGAIN, Kind
from crm.user_mail.texts import LetterText
from crm.values import language
from crm.values.text import clean_line

SEALED_FOR = "letter to a user"

MAX_SUBJECT = 200


def write(
    kind: Kind,
    address: str,
    text: LetterText,
    *,
    user_id: int | None = None,
    organization_id: int | None = None,
    lasts: dt.timedelta = NOTICE_LASTS,
) -> UserLetter:
    """Enter a letter within the caller's transaction or in one."""
    with transaction() as session:
        now = database_now()
        letter = UserLetter(
            user_id=user_id,
            organization_id=organization_id,
            kind=kind,
            address=address,
            subject=clean_line(text.subject)[:MAX_SUBJECT],
            sealed=vault.seal(SEALED_FOR, text.body),
            due_at=now,
            expires_at=now + lasts,
        )
        session.add(letter)
        session.flush()
        queue.enqueue("crm.user_mail.jobs.send_due")
        return letter


def notify(user: User, kind: Kind, say: Callable[[], LetterText]) -> UserLetter | None:
    """Tell a user something about their account, at their confirmed address, in their language, where that can be."""
    organization = first_organization_of(user.id)
    if not user.email or not may_go(kind, organization):
        return None
    with language.speaking(language_of(user, organization)):
        return write(
            kind,
            user.email,
            say(),
            user_id=user.id,
            organization_id=organization.id if organization else None,
        )


def tell_owners(kind: Kind, say: Callable[[], LetterText]) -> int:
    """Tell the owners of the current organization something, within the caller's transaction; return how many.

    They are told of the same kind once in a day.
    """
    organization = locked_organization()
    lately = sa.select(UserLetter.id).where(
        UserLetter.organization_id == organization.id,
        UserLetter.kind == kind,
        UserLetter.created_at > database_now() - TOLD_AGAIN,
    )
    if not may_go(kind, organization) or db.session.scalar(lately.limit(1)) is not None:
        return 0
    owners = sa.select(User).join(Membership, Membership.user_id == User.id)
    is_owner = (Membership.role_name == Role.OWNER.label, Membership.disabled_at.is_(None), User.email != "")
    found = db.session.scalars(
        owners.where(Membership.organization_id == organization.id, *is_owner).order_by(User.id)
    ).all()
    for user in found:
        with language.speaking(language_of(user, organization)):
            write(kind, user.email, say(), user_id=user.id, organization_id=organization.id)
    return len(found)


def language_of(user: User, organization: Organization | None) -> str:
    return language.chosen(user.language, organization.language if organization else "")


def first_organization_of(user_id: int) -> Organization | None:
    first = first_organization(user_id)
    return db.session.get(Organization, first) if first else None


def written(user_id: int, kind: Kind, within: dt.timedelta) -> int:
    """Return how many letters of a kind were written to a user lately."""
    found = sa.select(sa.func.count(UserLetter.id)).where(
        UserLetter.user_id == user_id, UserLetter.kind == kind, UserLetter.created_at > database_now() - within
    )
    return db.session.scalar(found) or 0
