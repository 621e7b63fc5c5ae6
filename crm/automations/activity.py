"""Activity texts for what automations gave."""

from __future__ import annotations

from crm.automations.rules import Occasion
from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.values.stored import shown
from crm.web.filters import number


def _given(event: ActivityEvent) -> Activity:
    points, problem = event.after("points") or 0, event.after("problem") or ""
    lines = [ngettext("%(num)s point", "%(num)s points", points, num=number(points))] if points else []
    if problem:
        lines.append(shown(problem))
    return Activity(_("By automation: %(occasion)s", occasion=Occasion(event.after("occasion")).label), lines)


ACTIVITY: dict[str, ActivityText | str] = {"automation.given": _given}
