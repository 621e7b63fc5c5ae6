"""What users are told of their account."""

from __future__ import annotations

from typing import Any

from crm.accounts.models import User
from crm.accounts.signals import password_given
from crm.user_mail import texts
from crm.user_mail.links import end_links
from crm.user_mail.rules import Kind
from crm.user_mail.services import notify


@password_given.connect
def tell_of_password(user: User, **kwargs: Any) -> None:
    """End the links that who knew the old password may have asked for, and tell the user."""
    end_links(user.id, *Kind)
    notify(user, Kind.ACCESS_CHANGED, lambda: texts.password_changed(user.username))
