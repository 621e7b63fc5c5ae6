"""The rewards feature: the catalogue, redemption, and vouchers."""

from __future__ import annotations

from crm.accounts.rules import Trade
from crm.kernel.manifest import CustomerAction, Feature, Job, MenuLink, PageAction, Panel, Search
from crm.kernel.roles import MANAGER, STAFF, VIEWER
from crm.rewards import activity, api, data, demo, expiry, filters, hits, listeners, queries, voids, voucher_routes
from crm.values.language import N_, ngettext

feature = Feature(
    name="rewards",
    data=data.DATA,
    restored=expiry.restored,
    blueprints=(voucher_routes.bp,),
    api=(api.bp,),
    keys={"rewards.vouchers": "o"},
    navigation=(MenuLink("rewards.vouchers", N_("Vouchers"), 57, trades=tuple(Trade)),),
    pages=(MenuLink("rewards.index", N_("Rewards"), 30),),
    actions=(PageAction("rewards.new", N_("Add reward"), 60, "plus-lg"),),
    searches=(Search("rewards.voucher", N_("Vouchers"), 5, "ticket-perforated", hits.find),),
    customer_has={"vouchers": queries.HAS},
    panels=(Panel("vouchers", N_("Vouchers"), "rewards/_panel.html", queries.panel_data, 29, queries.count_in_words),),
    customer_actions=(CustomerAction("rewards.redeem", N_("Redeem"), 35, "gift"),),
    void_offers=(voids.OFFER,),
    activity=activity.ACTIVITY,
    jobs=(Job(60, "crm.rewards.jobs:expire_due"),),
    listeners=(listeners,),
    customer_filters=(filters.FILTER,),
    customer_rows={"vouchers": lambda n, num: ngettext("%(num)s voucher", "%(num)s vouchers", n, num=num)},
    demo=demo.fill,
    roles={
        "index": VIEWER,
        "new": MANAGER,
        "edit": MANAGER,
        "archive": MANAGER,
        "restore": MANAGER,
        "redeem": STAFF,
        "of_customer": VIEWER,
        "vouchers": VIEWER,
        "find_voucher": VIEWER,
        "voucher": VIEWER,
        "use": STAFF,
        "undo_use": STAFF,
        "cancel": STAFF,
        "api_rewards.index": VIEWER,
        "api_rewards.create": MANAGER,
        "api_rewards.show": VIEWER,
        "api_rewards.replace": MANAGER,
        "api_rewards.change": MANAGER,
        "api_rewards.archive": MANAGER,
        "api_rewards.restore": MANAGER,
        "api_rewards.redeem": STAFF,
        "api_rewards.vouchers": VIEWER,
        "api_rewards.voucher": VIEWER,
        "api_rewards.use": STAFF,
        "api_rewards.undo_use": STAFF,
        "api_rewards.cancel": STAFF,
    },
)
