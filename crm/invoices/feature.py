"""The invoices feature."""

from __future__ import annotations

from crm.invoices import activity, api, cli, data, demo, exports, hits, list_routes, queries, recompute_totals
from crm.invoices.restoring import restored
from crm.kernel.manifest import CustomerAction, Feature, Job, MenuLink, Panel, Search
from crm.kernel.roles import MANAGER, STAFF, VIEWER
from crm.values.language import N_, ngettext

feature = Feature(
    name="invoices",
    data=data.DATA,
    restored=restored,
    blueprints=(list_routes.bp,),
    keys={"invoices.index": "v"},
    searches=(Search("invoices.show", N_("Invoices"), 40, "receipt", hits.find),),
    navigation=(MenuLink("invoices.index", N_("Invoices"), 55),),
    api=(api.bp,),
    commands=(cli.invoices,),
    panels=(Panel("invoices", N_("Invoices"), "invoices/_panel.html", queries.panel_data, 20, queries.count_in_words),),
    customer_actions=(CustomerAction("invoices.new", N_("Add invoice"), 20, "receipt"),),
    activity=activity.ACTIVITY,
    exports=(exports.EXPORT,),
    jobs=(
        Job(1, "crm.invoices.jobs:convert_due"),
        Job(5, "crm.invoices.jobs:recompute_totals_due"),
        Job(3600, "crm.invoices.jobs:remove_leftovers"),
    ),
    listeners=(recompute_totals,),
    customer_rows={"invoices": lambda n, num: ngettext("%(num)s invoice", "%(num)s invoices", n, num=num)},
    demo=demo.fill,
    roles={
        "index": VIEWER,
        "receipts_archive": VIEWER,
        "of_customer": VIEWER,
        "show": VIEWER,
        "new": STAFF,
        "edit": STAFF,
        "void": MANAGER,
        "new_receipt": STAFF,
        "receipt": VIEWER,
        "receipt_file": VIEWER,
        "receipt_original": VIEWER,
        "retry_receipt": STAFF,
        "api_invoices.index": VIEWER,
        "api_invoices.create": STAFF,
        "api_invoices.show": VIEWER,
        "api_invoices.change": STAFF,
        "api_invoices.void": MANAGER,
        "api_invoices.add_receipts": STAFF,
    },
)
