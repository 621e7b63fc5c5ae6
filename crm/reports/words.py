"""How groups of buyers are called, how often somebody comes, and what is missing for a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.analytics.backtest import MOST_OFF, BackTest
from crm.analytics.rfm import Group
from crm.reports.rules import FEWEST_REPEATERS, FEWEST_WEEKS, MOST_CORRELATED
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.web.filters import number, percent

GROUPS = {
    Group.CHAMPIONS: N_("Champions"),
    Group.LOYAL: N_("Loyal"),
    Group.ACTIVE: N_("Active buyers"),
    Group.NEW: N_("New"),
    Group.PROMISING: N_("Promising"),
    Group.NEEDS_ATTENTION: N_("Needs attention"),
    Group.AT_RISK: N_("At risk"),
    Group.PREVIOUSLY_LOYAL: N_("Previously loyal"),
    Group.ALMOST_LOST: N_("Almost lost"),
    Group.DORMANT: N_("Dormant"),
    Group.PROSPECTS: N_("Never bought"),
}
"""The best first."""

ABOUT = {
    Group.CHAMPIONS: N_("R5 with FM4 or FM5: here lately, often, and for much."),
    Group.LOYAL: N_("R3 or R4 with FM4 or FM5: often here, and for much."),
    Group.ACTIVE: N_("R4 or R5 with FM3: here lately, and now and then."),
    Group.NEW: N_("R5 with FM1 or FM2: here lately, and seldom before."),
    Group.PROMISING: N_("R4 with FM1 or FM2: here not long ago, and seldom before."),
    Group.NEEDS_ATTENTION: N_("R3 with FM2 or FM3: not here for a while."),
    Group.AT_RISK: N_("R2 with FM3 to FM5: often here once, and not for long."),
    Group.PREVIOUSLY_LOYAL: N_("R1 with FM4 or FM5: among the best once, and longest away."),
    Group.ALMOST_LOST: N_("R3 with FM1, or R2 with FM1 or FM2: seldom here, and not for long."),
    Group.DORMANT: N_("R1 with FM1 to FM3: longest away."),
    Group.PROSPECTS: N_("No purchase until that day."),
}
"""Which cells make a group, and what they mean."""

LONGEST_IN_DAYS, LONGEST_IN_WEEKS = 13, 91
"""Days up to which a time is said in days or in weeks."""

DAYS_OF_MONTH = 30.44


def duration(days: int) -> str:
    """Say a time as people do: 9 days, 3 weeks, 5 months."""
    if days <= LONGEST_IN_DAYS:
        return ngettext("%(num)s day", "%(num)s days", days, num=number(days))
    if days <= LONGEST_IN_WEEKS:
        weeks = round(days / 7)
        return ngettext("%(num)s week", "%(num)s weeks", weeks, num=number(weeks))
    months = round(days / DAYS_OF_MONTH)
    return ngettext("%(num)s month", "%(num)s months", months, num=number(months))


def rhythm(gap_days: int | None, days_since: int) -> str:
    """Say how often somebody comes, as far as that is known, and how long ago they came."""
    if gap_days is None:
        return _("last here %(time)s ago", time=duration(days_since)) if days_since else _("here today")
    usual = duration(gap_days)
    if not days_since:
        return _("usually every %(gap)s, here today", gap=usual)
    return _("usually every %(gap)s, last here %(time)s ago", gap=usual, time=duration(days_since))


def usually(gap_days: int | None) -> str:
    return _("usually every %(gap)s", gap=duration(gap_days)) if gap_days is not None else ""


def missing(found: Mapping[str, Any]) -> list[str]:
    """Say what is missing before anything may be foretold; nothing where it may."""
    if not found:
        return [_("This is computed each night. Come back tomorrow.")]
    too_few = [_too_few(found), _too_young(found)]
    if any(too_few):
        return [sentence for sentence in too_few if sentence]
    test = found.get("backtest")
    if test and not BackTest(**test).is_near:
        return [_("That was off by more than %(share)s, so nothing is foretold.", share=percent(100 * MOST_OFF))]
    is_sound = found.get("is_sound") and test
    if not is_sound:
        return [_("These purchases follow no pattern that could be carried on.")]
    return [] if found.get("spending") else [_no_spending(found)]


def _no_spending(found: Mapping[str, Any]) -> str:
    if abs(found["correlation"]) >= MOST_CORRELATED:
        return _("What they will spend can't be foretold: here it goes together with how often they come.")
    return _("What they will spend can't be foretold: it follows no pattern that could be carried on.")


def _too_few(found: Mapping[str, Any]) -> str:
    least, there = FEWEST_REPEATERS, found["repeaters"]
    sentence = ngettext(
        "It takes %(least)s customers who bought on two days or more; there is %(num)s.",
        "It takes %(least)s customers who bought on two days or more; there are %(num)s.",
        there,
        num=number(there),
        least=number(least),
    )
    return sentence if there < least else ""


def _too_young(found: Mapping[str, Any]) -> str:
    least, there = FEWEST_WEEKS, found["weeks"]
    sentence = ngettext(
        "It takes %(least)s weeks since the first purchase; there is %(num)s.",
        "It takes %(least)s weeks since the first purchase; there are %(num)s.",
        there,
        num=number(there),
        least=number(least),
    )
    return sentence if there < least else ""
