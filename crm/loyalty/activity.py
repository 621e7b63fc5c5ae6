from __future__ import annotations

from crm.customers.rules import Tier
from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.loyalty.services import MANUAL
from crm.loyalty.words import said
from crm.people.own_sources import POINTS_RULES, source_shown
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.web.filters import number, signed


def _changed(event: ActivityEvent) -> Activity:
    applied, asked, reason = event.after("applied"), event.after("asked"), event.after("reason")
    text = ngettext("%(num)s point", "%(num)s points", abs(applied), num=signed(applied))
    lines = [] if asked == applied else [_("Asked for %(points)s; the balance was lower", points=signed(asked))]
    owed = event.after("owed") or 0
    if owed > 0:
        lines = [ngettext("%(num)s point is owed", "%(num)s points are owed", owed, num=number(owed))]
    source = event.after("source")
    if source not in (MANUAL, POINTS_RULES):
        lines.append(_("From %(source)s", source=source_shown(source)))
    return Activity(f"{text} {shortened(said(reason))}" if reason else text, lines + _standing(event))


def _rebuilt(event: ActivityEvent) -> Activity:
    return Activity(_("Points recalculated from their entries"), _standing(event))


def _tier_changed(event: ActivityEvent) -> Activity:
    return Activity(_("Now %(tier)s", tier=Tier(event.after("tier")).label), [])


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
    "points.redeemed": _changed,
    "points.returned": _changed,
    "points.expired": _changed,
    "points.settled": _changed,
    "points.rebuilt": _rebuilt,
    "tier.changed": _tier_changed,
    "loyalty.changed": N_("Rules of points changed"),
    "multiplier.added": N_("Multiplier of points added"),
    "multiplier.changed": N_("Multiplier of points changed"),
    "multiplier.deleted": N_("Multiplier of points removed"),
}
