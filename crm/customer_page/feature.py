"""The customer's own page."""

from __future__ import annotations

import datetime as dt

from crm.customer_page import activity, data, reminders, routes
from crm.customer_page.models import CustomerCode, CustomerSession
from crm.kernel.manifest import CustomerAction, Feature
from crm.kernel.roles import PUBLIC, STAFF
from crm.values.language import N_, ngettext

feature = Feature(
    name="customer_page",
    data=data.DATA,
    blueprints=(routes.staff, routes.own.bp),
    customer_actions=(CustomerAction("customer_page.index", N_("Links to their page"), 70, "send", in_menu=True),),
    activity=activity.ACTIVITY,
    reminders=(reminders.REMINDERS,),
    customer_rows={
        "customer_links": lambda n, num: ngettext("%(num)s link", "%(num)s links", n, num=num),
        "customer_cards": lambda n, num: ngettext("%(num)s card code", "%(num)s card codes", n, num=num),
        "erasure_requests": lambda n, num: ngettext(
            "%(num)s wish to be erased", "%(num)s wishes to be erased", n, num=num
        ),
    },
    kept={CustomerSession: dt.timedelta(days=400), CustomerCode: dt.timedelta(days=1)},
    roles={
        "index": STAFF,
        "send": STAFF,
        "revoke": STAFF,
        "renew": STAFF,
        "scanned": PUBLIC,
        "own_page.link": PUBLIC,
        "own_page.open_link": PUBLIC,
        "own_page.card": PUBLIC,
        "own_page.manifest": PUBLIC,
        "own_page.worker": PUBLIC,
        **{
            f"own_page.{name}": PUBLIC
            for name in (
                "page",
                "send_code",
                "consent",
                "profile",
                "ask_for_copy",
                "ask_for_erasure",
                "confirm_booking",
                "cancel_booking",
                "receipt",
                "redeem",
                "push",
            )
        },
    },
)
