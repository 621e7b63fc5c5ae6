"""What users are told of their account."""

from __future__ import annotations

from typing import Any

from crm.accounts.browsers import NewBrowser
from crm.accounts.models import User
from crm.accounts.signals import password_given, signed_in_anew
from crm.user_mail import texts
from crm.user_mail.links import end_links
from crm.user_mail.rules import MAX_SIGN_INS, SIGN_INS_WITHIN, Kind
from crm.user_mail.services import first_organization_of, notify, written
from crm.values import clock


@signed_in_anew.connect
def tell_of_sign_in(user: User, browser: NewBrowser, **kwargs: Any) -> None:
    if written(user.id, Kind.NEW_BROWSER, SIGN_INS_WITHIN) < MAX_SIGN_INS:
        notify(user, Kind.NEW_BROWSER, lambda: texts.new_browser(user.username, browser, _now(user)))


def _now(user: User) -> str:
    organization = first_organization_of(user.id)
    zone = clock.zone(organization.time_zone if organization else "UTC")
    return f"{clock.say_iso(clock.iso(clock.utcnow(), zone))} ({zone.key})"


@password_given.connect
def tell_of_password(user: User, **kwargs: Any) -> None:
    """End the links that who knew the old password may have asked for, and tell the user."""
    end_links(user.id, *Kind)
    notify(user, Kind.ACCESS_CHANGED, lambda: texts.password_changed(user.username))
