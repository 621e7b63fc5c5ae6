"""Activity texts for visits."""

from __future__ import annotations

import datetime as dt

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.people.own_sources import source_shown
from crm.visits.services import MANUAL
from crm.web.environment import gettext as _
from crm.web.filters import number, when


def _added(event: ActivityEvent) -> Activity:
    lines: list[str] = [_("Visit number %(number)s", number=number(event.after("number")))]
    if branch := event.after("branch"):
        lines.append(branch)
    if (source := event.after("source")) != MANUAL:
        lines.append(_("From %(source)s", source=source_shown(source)))
    return Activity(_("Checked in"), lines)


def _removed(event: ActivityEvent) -> Activity:
    at = dt.datetime.fromisoformat(event.before("at"))
    return Activity(_("Check-in of %(time)s taken back", time=when(at, inside=True)))


ACTIVITY: dict[str, ActivityText | str] = {"visit.added": _added, "visit.removed": _removed}
