"""Activity texts for referrals."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.referrals.rules import codes_of
from crm.values.language import N_
from crm.values.language import gettext as _


def _joined(event: ActivityEvent) -> Activity:
    if event.after("by") == "friend":
        return Activity(_("Brought a new customer by their code"))
    return Activity(_("Came with another customer's code"))


def _simply(sentence: str) -> ActivityText:
    """Return a fixed text with the reasons."""

    def activity(event: ActivityEvent) -> Activity:
        return Activity(_(sentence), [reason.sentence for reason in codes_of(event.after("reasons") or "")])

    return activity


ACTIVITY: dict[str, ActivityText | str] = {
    "referral.joined": _joined,
    "referral.review": _simply(N_("Referral to be reviewed")),
    "referral.approved": _simply(N_("Referral approved")),
    "referral.qualified": _simply(N_("Referral qualified by a purchase")),
    "referral.rewarded": _simply(N_("Rewarded for bringing a customer")),
    "referral.refused": _simply(N_("Referral refused")),
    "referral.lapsed": _simply(N_("Referral lapsed")),
}
