"""Everybody who comes in, from other records and other systems."""

from __future__ import annotations

import datetime as dt

from crm.intake import api, cli, data, routes, webhook_api
from crm.intake.models import WebhookCall
from crm.kernel.manifest import Feature, Job, MenuLink
from crm.kernel.roles import OWNER, PUBLIC, STAFF, VIEWER
from crm.values.language import N_

feature = Feature(
    name="intake",
    data=data.DATA,
    blueprints=(routes.bp,),
    keys={"intake.index": "y"},
    api=(
        api.bp,
        webhook_api.bp,
    ),
    commands=(cli.collection,),
    menu=(MenuLink("intake.index", N_("Sync customers"), 30),),
    settings=(MenuLink("intake.webhook", N_("Webhook"), 70),),
    jobs=(Job(1, "crm.intake.jobs:go_on_scans_due"),),
    kept={WebhookCall: dt.timedelta(days=7)},
    roles={
        "index": VIEWER,
        "collect": STAFF,
        "scan": VIEWER,
        "cancel": STAFF,
        "webhook": OWNER,
        "new_secret": OWNER,
        "api_collection.customers": VIEWER,
        "api_collection.collect": STAFF,
        "api_collection.scan": VIEWER,
        "api_collection.add": STAFF,
        "api_webhook.receive": PUBLIC,
    },
)
