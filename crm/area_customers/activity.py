"""Activity texts for area customers, on the timeline of the customer."""

from __future__ import annotations

from flask import url_for
from markupsafe import Markup

from crm.area_customers.rules import TOLD
from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.web.environment import gettext as _
from crm.web.filters import phone_number


def _created(event: ActivityEvent) -> Activity:
    link = _link(event)
    if area := event.after("area"):
        return Activity(_("%(contact)s added in %(area)s", contact=link, area=area))
    return Activity(_("%(contact)s added", contact=link))


def _edited(event: ActivityEvent) -> Activity:
    lines = [_changed(field, event) for field in TOLD if field in event.changes]
    return Activity(_("%(contact)s edited", contact=_link(event)), lines)


def _changed(field: str, event: ActivityEvent) -> str:
    before, after = (_shown(field, value, event) for value in event.changes[field])
    label = TOLD[field]
    if before and after:
        return _("%(field)s changed from %(before)s to %(after)s", field=label, before=before, after=after)
    if after:
        return _("%(field)s added: %(value)s", field=label, value=after)
    return _("%(field)s removed: %(value)s", field=label, value=before)


def _shown(field: str, value: object, event: ActivityEvent) -> str:
    if not value:
        return ""
    if field == "branch_id":
        return event.branches.get(int(str(value)), _("a deleted branch"))
    return phone_number(str(value), valid=str(value).startswith("+")) if field == "phone" else str(value)


def _link(event: ActivityEvent) -> Markup:
    page = url_for("area_customers.show", area_customer_id=event.subject_id)
    return Markup('<a href="{}">{}</a>').format(page, _("Contact by area"))


ACTIVITY: dict[str, ActivityText | str] = {
    "area_customer.created": _created,
    "area_customer.edited": _edited,
}
