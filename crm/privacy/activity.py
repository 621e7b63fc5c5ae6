"""Activity texts for copies and erasures."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import shown


def _erased(event: ActivityEvent) -> Activity:
    reason = event.after("reason")
    return Activity(_("Erased"), [_("Reason: %(reason)s", reason=shown(reason))] if reason else [])


ACTIVITY: dict[str, ActivityText | str] = {
    "customer.erased": _erased,
    "customer.data_given": N_("Copy of their data downloaded"),
    "retention.changed": N_("Rules of what is kept changed"),
}
