"""E-mail to users."""

from __future__ import annotations

import datetime as dt

from crm.kernel.manifest import Feature, Job, MenuLink
from crm.kernel.roles import PUBLIC, SIGNED_IN
from crm.user_mail import data, invitations, routes
from crm.user_mail.models import UserLetter, UserLink
from crm.values.language import N_

feature = Feature(
    name="user_mail",
    data=data.DATA,
    blueprints=(routes.bp,),
    menu=(MenuLink("user_mail.address", N_("Your e-mail address"), 85),),
    listeners=(invitations,),
    jobs=(Job(5, "crm.user_mail.jobs:send_due"),),
    roles={"address": SIGNED_IN, "confirmation": PUBLIC, "confirm": PUBLIC},
    kept={UserLetter: dt.timedelta(days=30), UserLink: dt.timedelta(days=2)},
)
