"""Links in letters to users: random, kept as a hash, good for one use and a limited time."""

from __future__ import annotations

import datetime as dt
import secrets

import sqlalchemy as sa

from crm.accounts.rules import token_hash
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.user_mail.models import UserLink
from crm.user_mail.rules import Kind
from crm.values.language import gettext as _


class LinkEndedError(SentenceError):
    """The link is unknown, used, replaced or over; the sentence doesn't say which."""

    def __init__(self) -> None:
        super().__init__(_("This link can't be opened. It may be incomplete, used, or too old. Ask for a new one."))


def make_link(user_id: int, kind: Kind, lasts: dt.timedelta, address: str) -> str:
    """Return the token of a new link; an earlier one of its kind opens nothing any more."""
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        end_links(user_id, kind)
        session.add(
            UserLink(
                token_hash=token_hash(token),
                user_id=user_id,
                kind=kind,
                address=address,
                expires_at=database_now() + lasts,
            )
        )
    return token


def find_link(kind: Kind, token: str) -> UserLink:
    """Find a link that was not used yet; raises LinkEndedError."""
    link = db.session.scalars(_open(kind, token)).first()
    if link is None:
        raise LinkEndedError
    return link


def take_link(kind: Kind, token: str) -> UserLink:
    """Use up a link in the open transaction; raises LinkEndedError."""
    link = db.session.scalars(locked(_open(kind, token))).first()
    if link is None:
        raise LinkEndedError
    db.session.delete(link)
    return link


def end_links(user_id: int, *kinds: Kind) -> None:
    """Let links of a user open nothing any more, in the open transaction."""
    db.session.execute(sa.delete(UserLink).where(UserLink.user_id == user_id, UserLink.kind.in_(kinds)))


def _open(kind: Kind, token: str) -> sa.Select[UserLink]:
    return sa.select(UserLink).where(
        UserLink.kind == kind, UserLink.token_hash == token_hash(token), UserLink.expires_at > db_now()
    )
