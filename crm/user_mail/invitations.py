"""The link of an invitation by e-mail, and what became of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Invitation, User
from crm.accounts.queries import current_organization
from crm.accounts.signals import invited
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor, require_organization, use_organization
from crm.people.identity import EmailError, normalize_email
from crm.user_mail import texts
from crm.user_mail.gateways import way_for
from crm.user_mail.models import UserLetter
from crm.user_mail.rules import INVITATION_LASTS, INVITATIONS_WITHIN, MAX_INVITATIONS, Kind, State
from crm.user_mail.services import write
from crm.values import language
from crm.values.language import N_
from crm.values.stored import stored

ON_ITS_WAY = stored(N_("Being sent to %(email)s."))
SENT = stored(N_("Sent to %(email)s."))
NOT_SENT = stored(N_("Not e-mailed. %(sentence)s"))
NO_GATEWAY = N_("An owner can enter a mail gateway in Settings › Messaging.")
TEST_MODE = N_("The mail gateway is in test mode, which sends nothing.")
NO_ADDRESS = N_("This is no e-mail address that mail can be sent to.")
TOO_MANY = N_("So many invitations were sent today that no more go out before tomorrow.")
LOST = N_("The mail server did not say whether it took it.")


@invited.connect
def send_link(invitation: Invitation, token: str, **kwargs: Any) -> None:
    """Write to who is invited, or say on the invitation why not."""
    if not invitation.email:
        return
    address, problem = _address(invitation.email)
    way = way_for(Kind.INVITATION, require_organization())
    if way is None:
        problem = NO_GATEWAY
    elif not problem and _sent_lately() >= MAX_INVITATIONS:
        problem = TOO_MANY
    if not problem:
        letter = _write(address, token)
        letter.invitation_id = invitation.id
        problem = TEST_MODE if way is not None and way.is_test else ""
    invitation.mail_note = (
        NOT_SENT.english(sentence=problem) if problem else ON_ITS_WAY.english(email=invitation.email)
    )[:300]


def note_result(letter: UserLetter) -> None:
    """Say on the invitation what became of its letter."""
    if letter.organization_id is None or letter.invitation_id is None or letter.due_at is not None:
        return
    with use_organization(letter.organization_id), transaction() as session:
        invitation = session.get(Invitation, letter.invitation_id)
        if invitation is None or not invitation.mail_note.startswith(_BEING):
            return
        if letter.state is State.SENT:
            note = SENT.english(email=invitation.email)
        else:
            note = NOT_SENT.english(sentence=LOST if letter.state is State.UNKNOWN else letter.reason)
        invitation.mail_note = note[:300]


_BEING = "Being sent"
"""How `ON_ITS_WAY` begins: a note that the test mode left stays."""


def _write(address: str, token: str) -> UserLetter:
    organization = current_organization()
    by = db.session.get(User, current_actor() or 0)
    with language.speaking(language.chosen(organization.language, language.code())):
        text = texts.invitation(by.label if by else "", organization.name, token)
    return write(Kind.INVITATION, address, text, organization_id=organization.id, lasts=INVITATION_LASTS)


def _address(typed: str) -> tuple[str, str]:
    try:
        return normalize_email(typed) or "", ""
    except EmailError:
        return "", NO_ADDRESS


def _sent_lately() -> int:
    found = sa.select(sa.func.count(UserLetter.id)).where(
        UserLetter.organization_id == require_organization(),
        UserLetter.kind == Kind.INVITATION,
        UserLetter.created_at > database_now() - INVITATIONS_WITHIN,
    )
    return db.session.scalar(found) or 0
