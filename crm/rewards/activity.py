"""Activity texts for a customer's vouchers."""

from __future__ import annotations

import datetime as dt

from flask import url_for
from markupsafe import Markup

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.rewards.codes import grouped
from crm.values.language import N_
from crm.web.environment import gettext as _
from crm.web.environment import ngettext
from crm.web.filters import day, number


def _issued(event: ActivityEvent) -> Activity:
    points, until = event.after("points"), event.after("expires_on")
    lines = [ngettext("For %(num)s point", "For %(num)s points", points, num=number(points))] if points else []
    if until:
        lines.append(_("Good until %(date)s", date=day(dt.date.fromisoformat(until), inside=True)))
    return Activity(_("%(link)sVoucher%(end)s issued: %(name)s", **_link(event)), [*lines, _code(event)])


def _used(event: ActivityEvent) -> Activity:
    branch = event.after("branch_id")
    lines = [event.branches.get(branch, _("a deleted branch"))] if branch else []
    return Activity(_("%(link)sVoucher%(end)s used: %(name)s", **_link(event)), [*lines, _code(event)])


def _ended(sentence: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        points = event.before("points") or 0
        back = ngettext("%(num)s point returned", "%(num)s points returned", points, num=number(points))
        return Activity(_(sentence, **_link(event)), [*([back] if points else []), _code(event)])

    return activity


def _code(event: ActivityEvent) -> str:
    return _("Code %(code)s", code=grouped(event.after("code")))


def _link(event: ActivityEvent) -> dict[str, str]:
    page = url_for("rewards.voucher", voucher_id=event.subject_id)
    return {"link": Markup('<a href="{}">').format(page), "end": Markup("</a>"), "name": event.after("name")}


ACTIVITY: dict[str, ActivityText | str] = {
    "voucher.issued": _issued,
    "voucher.used": _used,
    "voucher.use_undone": _ended(N_("Use of a %(link)svoucher%(end)s taken back: %(name)s")),
    "voucher.canceled": _ended(N_("%(link)sVoucher%(end)s canceled: %(name)s")),
    "voucher.expired": _ended(N_("%(link)sVoucher%(end)s expired: %(name)s")),
}
