from __future__ import annotations

from crm.customers.rules import Tier
from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.loyalty.services import MANUAL
from crm.people.own_sources import source_shown
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.filters import number, signed


def _changed(event: ActivityEvent) -> Activity:
    applied, asked, reason = event.after("applied"), event.after("asked"), event.after("reason")
    text = ngettext("%(num)s point", "%(num)s points", abs(applied), num=signed(applied))
    lines = [] if asked == applied else [_("Asked for %(points)s; the balance was lower", points=signed(asked))]
    source = event.after("source")
    if source != MANUAL:
        lines.append(_("From %(source)s", source=source_shown(source)))
    return Activity(f"{text} {shortened(reason)}" if reason else text, lines + _standing(event))


def _rebuilt(event: ActivityEvent) -> Activity:
    return Activity(_("Points recalculated from their entries"), _standing(event))


def _standing(event: ActivityEvent) -> list[str]:
    balance, tier = event.after("loyalty_points"), event.after("tier")
    if balance is None:
        return [_("Now %(tier)s", tier=Tier(tier).label)] if tier else []
    if not tier:
        return [_("Balance %(points)s", points=number(balance))]
    return [_("Balance %(points)s, now %(tier)s", points=number(balance), tier=Tier(tier).label)]


ACTIVITY: dict[str, ActivityText | str] = {
    "points.changed": _changed,
    "points.reversed": _changed,
    "points.rebuilt": _rebuilt,
}
