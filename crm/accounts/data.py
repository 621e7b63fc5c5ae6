"""What the columns of organizations, users and sign-ins hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.kernel.data import USERS, Arrival, Rows
from crm.kernel.extensions import db


def _leave_numbers(rows: Sequence[dict[str, Any]], arrival: Arrival) -> None:
    """Leave the senders of an organization that is here to it: what customers answer goes to one."""
    for row in rows:
        for column in ("sms_from", "whatsapp_from"):
            taken = sa.select(Organization.id).where(getattr(Organization, column) == row.get(column, ""))
            if row.get(column) and db.session.scalar(taken.limit(1)) is not None:
                row[column] = ""


DATA = {
    "organizations": Rows(
        plain="slug name time_zone currency phone_region locale sms_gateway whatsapp_gateway email_gateway sms_from"
        " whatsapp_from email_from email_reply_to twilio_account secrets_stamp language uses first_hour uid resuming"
        " warm_up_since",
        dropped={
            "twilio_account": "",
            "secrets_stamp": "",
            "sending_paused": True,
            "restored_at": None,
            "restoring_until": None,
            "resuming": "",
            "resuming_from": None,
        },
        arriving=_leave_numbers,
    ),
    "branches": Rows(plain="name"),
    "users": Rows(plain="username name password_hash email language", dropped={"password_hash": "", "email": ""}),
    "memberships": Rows(plain="role", points_to={"user_id": USERS, "branch_id": "branches"}),
    "invitations": Rows(left_out="a link is good for a week", plain="token_hash name email role mail_note"),
    "sign_ins": Rows(left_out="of a browser", plain="token_hash"),
    "sign_in_failures": Rows(left_out="of the installation", plain="account address"),
    "token_families": Rows(left_out="of a client of the API", plain="refresh_hash"),
}
