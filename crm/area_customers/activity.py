"""Activity texts for area customers, on the timeline of the customer."""

from __future__ import annotations

from flask import url_for
from markupsafe import Markup

from crm.area_customers.rules import TOLD
from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.web.filters import phone_number


def _created(event: ActivityEvent) -> Activity:
    area = event.after("area")
    text = Markup("Came in as an {}").format(_link(event, "area customer"))
    return Activity(text + (f" of {area}" if area else ""))


def _edited(event: ActivityEvent) -> Activity:
    lines = [_changed(field, event) for field in TOLD if field in event.changes]
    return Activity(Markup("{} edited").format(_link(event, "Area customer")), lines)


def _changed(field: str, event: ActivityEvent) -> str:
    before, after = (_shown(field, value, event) for value in event.changes[field])
    if before and after:
        return f"{TOLD[field]} from {before} to {after}"
    return f"{TOLD[field]} added: {after}" if after else f"{TOLD[field]} removed: {before}"


def _shown(field: str, value: object, event: ActivityEvent) -> str:
    if not value:
        return ""
    if field == "branch_id":
        return event.branches.get(int(str(value)), "that is gone")
    return phone_number(str(value), valid=str(value).startswith("+")) if field == "phone" else str(value)


def _link(event: ActivityEvent, text: str) -> Markup:
    page = url_for("area_customers.show", area_customer_id=event.subject_id)
    return Markup('<a href="{}">{}</a>').format(page, text)


ACTIVITY: dict[str, ActivityText | str] = {
    "area_customer.created": _created,
    "area_customer.edited": _edited,
}
