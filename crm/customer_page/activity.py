"""How the timeline tells of links and cards."""

from __future__ import annotations

from crm.customer_page.rules import Scope
from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.values.language import N_
from crm.values.language import gettext as _

_MADE = {
    Scope.CARD: N_("Link to their card made"),
    Scope.PAGE: N_("Link to their page made"),
    Scope.DOWNLOAD: N_("Link to the copy of their data made"),
}
_REVOKED = {
    Scope.CARD: N_("Link to their card revoked"),
    Scope.PAGE: N_("Link to their page revoked"),
    Scope.DOWNLOAD: N_("Link to the copy of their data revoked"),
}


def _made(event: ActivityEvent) -> Activity:
    return Activity(_(_MADE[Scope(event.after("scope"))]))


def _revoked(event: ActivityEvent) -> Activity:
    return Activity(_(_REVOKED[Scope(event.before("scope"))]))


ACTIVITY: dict[str, ActivityText | str] = {
    "link.made": _made,
    "link.revoked": _revoked,
    "erasure.asked": N_("Asked to be erased"),
    "erasure.dismissed": N_("Wish to be erased marked as done"),
    "erasure.reopened": N_("Wish to be erased opened again"),
    "card.renewed": N_("Code of their card renewed"),
}
