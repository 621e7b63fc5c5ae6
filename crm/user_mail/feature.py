"""E-mail to users."""

from __future__ import annotations

import datetime as dt

from crm.kernel.manifest import Feature, Job, MenuLink, SignInLink
from crm.kernel.roles import PUBLIC, SIGNED_IN
from crm.user_mail import data, invitations, listeners, routes
from crm.user_mail.models import PasswordRequest, UserLetter, UserLink
from crm.user_mail.resets import can_reset
from crm.values.language import N_

feature = Feature(
    name="user_mail",
    data=data.DATA,
    blueprints=(routes.bp,),
    menu=(MenuLink("user_mail.address", N_("Your e-mail address"), 85),),
    sign_in_links=(SignInLink("user_mail.forgotten", N_("Forgot your password?"), can_reset),),
    listeners=(invitations, listeners),
    jobs=(Job(5, "crm.user_mail.jobs:send_due"),),
    roles={
        "address": SIGNED_IN,
        "confirmation": PUBLIC,
        "confirm": PUBLIC,
        "forgotten": PUBLIC,
        "ask": PUBLIC,
        "new_password": PUBLIC,
        "set_password": PUBLIC,
    },
    kept={UserLetter: dt.timedelta(days=30), UserLink: dt.timedelta(days=2), PasswordRequest: dt.timedelta(days=1)},
)
