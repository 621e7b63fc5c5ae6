"""Activity texts for badges."""

from __future__ import annotations

from crm.badges.rules import Reward
from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.web.filters import number


def _told(sentence: str, gift: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        lines = []
        points = event.after("points") or 0
        if event.after("given") == Reward.POINTS and points:
            lines = [_(gift, what=ngettext("%(num)s point", "%(num)s points", points, num=number(points)))]
        elif event.after("given") == Reward.VOUCHER:
            lines = [_(gift, what=_("a voucher"))]
        return Activity(_(sentence, name=event.after("name") or ""), lines)

    return activity


WITH, BACK = N_("With it: %(what)s"), N_("Taken back: %(what)s")
ACTIVITY: dict[str, ActivityText | str] = {
    "badge.granted": _told(N_("Badge “%(name)s” reached"), WITH),
    "badge.taken": _told(N_("Badge “%(name)s” taken: the target was missed after all"), BACK),
    "badge.gift_taken": _told(N_("Badge “%(name)s” stays, though the target was missed after all"), BACK),
    "badge.gift_given": _told(N_("Badge “%(name)s” reached again"), WITH),
    "badge.added": N_("Badge added"),
    "badge.edited": N_("Badge changed"),
    "badge.archived": N_("Badge archived"),
    "badge.restored": N_("Badge restored"),
}
