"""Cards of customers in Apple Wallet and Google Wallet."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job, OwnPart
from crm.kernel.roles import PUBLIC
from crm.values.language import ngettext
from crm.wallets import activity, data, routes, settings, web_service

feature = Feature(
    name="wallets",
    data=data.DATA,
    blueprints=(routes.bp, web_service.bp),
    own_parts=(OwnPart("wallets/_own.html", settings.own_part, 90),),
    activity=activity.ACTIVITY,
    jobs=(Job(10, "crm.wallets.jobs:sync_due"),),
    customer_rows={
        "wallet_devices": lambda n, num: ngettext(
            "%(num)s phone with the card", "%(num)s phones with the card", n, num=num
        ),
        "wallet_cards": lambda n, num: ngettext(
            "%(num)s card in Google Wallet", "%(num)s cards in Google Wallet", n, num=num
        ),
    },
    roles={
        "apple_pass": PUBLIC,
        "google_card": PUBLIC,
        "apple_wallet.register": PUBLIC,
        "apple_wallet.unregister": PUBLIC,
        "apple_wallet.updated": PUBLIC,
        "apple_wallet.latest": PUBLIC,
        "apple_wallet.logs": PUBLIC,
    },
)
