"""New passwords by a link, for who forgot theirs.

A page only notes what was typed: the worker looks whom it means, so the answer is the same, and takes as long, whether
there is somebody or not.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from crm.accounts import members, passwords
from crm.accounts.models import User
from crm.accounts.rules import normalize_username
from crm.accounts.sign_ins import first_organization
from crm.kernel import queue, vault
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.people.identity import EmailError, normalize_email
from crm.user_mail import texts
from crm.user_mail.gateways import may_go
from crm.user_mail.links import LinkEndedError, find_link, make_link, take_link
from crm.user_mail.models import PasswordRequest
from crm.user_mail.rules import MAX_RESETS, RESET_LASTS, RESETS_WITHIN, Kind
from crm.user_mail.services import first_organization_of, language_of, write, written
from crm.values import language

SEALED_FOR = "who asked for a new password"

MAX_USERS = 10
"""Users of one address who get a link, each their own."""

log = logging.getLogger(__name__)


def can_reset() -> bool:
    """Whether links to new passwords can be sent: by the installation itself, for owners read their own gateway's."""
    return may_go(Kind.RESET, None)


def ask(typed: str) -> None:
    """Note that somebody forgot their password; `typed` may be a user name, an e-mail address or anything else."""
    with transaction() as session:
        session.add(PasswordRequest(sealed=vault.seal(SEALED_FOR, typed)))
        queue.enqueue("crm.user_mail.jobs.send_due")


def answer_next() -> bool:
    """Write a link to whom the oldest request means; False if there is none."""
    with transaction() as session:
        oldest = sa.select(PasswordRequest).order_by(PasswordRequest.id).limit(1)
        request = session.scalars(oldest.with_for_update(skip_locked=True)).first()
        if request is None:
            return False
        session.delete(request)
        try:
            typed = vault.unseal(SEALED_FOR, request.sealed)
        except InvalidToken:
            log.warning("a request for a new password can't be read with this SECRET_KEY")
            return True
        for user in _meant(typed):
            _write_to(user)
        return True


def find_user(token: str) -> User:
    """Return whose password a link changes; raises LinkEndedError."""
    link = find_link(Kind.RESET, token)
    user = db.session.get_one(User, link.user_id)
    if not _may_have_link(user) or user.email != link.address:
        raise LinkEndedError
    return user


def set_password(token: str, password: str) -> None:
    """Change the password, once; end all sign-ins, tokens and invitations of the user. Raises LinkEndedError."""
    hashed = passwords.hash_password(password)
    with transaction():
        user = find_user(token)
        take_link(Kind.RESET, token)
        members.give_password(user.id, hashed)
        user_id = user.id
    members.revoke_everywhere(user_id)
    log.info("user %d: a new password by a link", user_id)


def _meant(typed: str) -> list[User]:
    """Return the users of a name or confirmed address who may get a link."""
    try:
        address = normalize_email(typed)
    except EmailError:
        address = None
    is_meant = [User.username == normalize_username(typed), *([User.email == address] if address else [])]
    found = sa.select(User).where(sa.or_(*is_meant), User.email != "", User.password_hash != "").order_by(User.id)
    return [user for user in db.session.scalars(found.limit(MAX_USERS)) if _may_have_link(user)]


def _may_have_link(user: User) -> bool:
    return first_organization(user.id) is not None


def _write_to(user: User) -> None:
    if not can_reset() or written(user.id, Kind.RESET, RESETS_WITHIN) >= MAX_RESETS:
        log.info("user %d: no link to a new password is sent now", user.id)
        return
    token = make_link(user.id, Kind.RESET, RESET_LASTS, user.email)
    with language.speaking(language_of(user, first_organization_of(user.id))):
        text = texts.reset(user.username, token)
    write(Kind.RESET, user.email, text, user_id=user.id, lasts=RESET_LASTS)
