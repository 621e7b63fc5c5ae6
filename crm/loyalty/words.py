"""Reasons that entries of ours have: kept in English, shown in the reader's language."""

from __future__ import annotations

from crm.loyalty.multipliers import Multiplier, MultiplierKind
from crm.loyalty.tiers import Standing, Window
from crm.values import clock
from crm.values.language import N_, Text, ngettext
from crm.values.language import gettext as _
from crm.web.filters import day, number

ENDED, SETTLEMENT, TAKEN_BACK = "Points ended", "Owed points paid", "Taken back"

_OWN = {ENDED: N_("Points ended"), SETTLEMENT: N_("Owed points paid"), TAKEN_BACK: N_("Taken back")}


def own(reason: Text) -> str:
    """Declare a reason that the product gives, when a module is imported, and return what is kept of it."""
    english = str.__str__(reason)
    _OWN[english] = reason
    return english


def when_in_words(one: Multiplier, branch: str) -> str:
    """Say when a multiplier is in force."""
    if one.kind is MultiplierKind.TIER and one.tier is not None:
        return _("From %(tier)s on", tier=one.tier.label)
    if one.kind is MultiplierKind.WEEKDAY and one.weekday is not None:
        return clock.say_weekday(one.weekday)
    if one.kind is MultiplierKind.BRANCH:
        return _("Customers of %(branch)s", branch=branch)
    if one.kind is MultiplierKind.BIRTHDAY_WEEK:
        return _("In the week of a birthday")
    if one.starts_on is None:
        return _("Until %(day)s", day=day(one.ends_on, inside=True))
    if one.ends_on is None:
        return _("From %(day)s on", day=day(one.starts_on, inside=True))
    return _("From %(first)s until %(last)s", first=day(one.starts_on, inside=True), last=day(one.ends_on, inside=True))


def why(standing: Standing, window: Window) -> str:
    """Say why a customer has their tier, what the next one takes, and what it takes to stay."""
    counted = _counted(standing, window)
    since = {"tier": standing.tier.label, "points": counted}
    if standing.since is None:
        said = [_("%(tier)s: %(points)s.", **since)]
    else:
        said = [_("%(tier)s since %(day)s: %(points)s.", day=day(standing.since, inside=True), **since)]
    if standing.next_tier is not None and standing.missing is not None:
        following = standing.next_tier.label
        said.append(_("%(points)s more to %(tier)s.", points=number(standing.missing), tier=following))
    if standing.stay_by is not None:
        by = day(standing.stay_by, inside=True)
        said.append(_("%(points)s needed by %(day)s to stay.", points=number(standing.stay), day=by))
    return " ".join(said)


def _counted(standing: Standing, window: Window) -> str:
    points, shown = standing.points, {"num": number(standing.points)}
    if window is Window.ROLLING:
        return ngettext("%(num)s point earned in 12 months", "%(num)s points earned in 12 months", points, **shown)
    if window is Window.YEAR:
        return ngettext("%(num)s point earned this year", "%(num)s points earned this year", points, **shown)
    return ngettext("%(num)s point earned so far", "%(num)s points earned so far", points, **shown)


def taken_back(reason: str, most: int) -> str:
    return f"{TAKEN_BACK}: {reason}"[:most] if reason else TAKEN_BACK


def said(reason: str, *, is_reversal: bool = False) -> str:
    """Return a reason as it is shown."""
    if reason in _OWN:
        return _(_OWN[reason])
    if is_reversal and reason.startswith(f"{TAKEN_BACK}: "):
        return _("Taken back: %(reason)s", reason=said(reason.removeprefix(f"{TAKEN_BACK}: ")))
    return reason
