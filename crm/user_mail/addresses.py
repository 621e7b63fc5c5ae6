"""The e-mail address of a user: one counts once the link that was sent to it is confirmed."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from crm.accounts.models import User
from crm.accounts.queries import current_organization
from crm.kernel.db import locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.user_mail import texts
from crm.user_mail.links import end_links, make_link, take_link
from crm.user_mail.rules import LINK_LASTS, LINKS_WITHIN, MAX_LINKS, Kind
from crm.user_mail.services import language_of, notify, write, written
from crm.values import language
from crm.values.language import gettext as _

log = logging.getLogger(__name__)


def ask_to_confirm(user_id: int, address: str) -> None:
    """Send a link to an address, in the place of an earlier one; the present address counts until it is confirmed."""
    with transaction():
        user = _locked(user_id)
        if written(user_id, Kind.CONFIRM, LINKS_WITHIN) >= MAX_LINKS:
            raise SentenceError(_("You asked for many links. Wait an hour, then ask for another."))
        token = make_link(user_id, Kind.CONFIRM, LINK_LASTS, address)
        with language.speaking(language_of(user, current_organization())):
            text = texts.to_confirm(user.username, token)
        write(
            Kind.CONFIRM,
            address,
            text,
            user_id=user_id,
            organization_id=require_organization(),
            lasts=LINK_LASTS,
        )


def confirm(token: str) -> User:
    """Let the address of a link count, and tell the former one; raises LinkEndedError."""
    with transaction():
        link = take_link(Kind.CONFIRM, token)
        user = _locked(link.user_id)
        _change(user, link.address)
        return user


def keep(user_id: int) -> None:
    """Go on with the present address: a link that would confirm another one opens nothing any more."""
    with transaction():
        end_links(user_id, Kind.CONFIRM)


def remove(user_id: int) -> None:
    with transaction():
        end_links(user_id, *Kind)
        _change(_locked(user_id), "")


def _change(user: User, address: str) -> None:
    if user.email == address:
        return
    notify(user, Kind.ADDRESS_CHANGED, lambda: texts.address_changed(user.username))
    user.email = address
    log.info("user %d: the e-mail address is changed", user.id)


def _locked(user_id: int) -> User:
    return db.session.scalars(locked(sa.select(User).where(User.id == user_id))).one()
