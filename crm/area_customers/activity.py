"""The words for what happens to area customers, on the timeline of the customer they are."""

from __future__ import annotations

from flask import url_for
from markupsafe import Markup

from crm.area_customers.rules import TOLD
from crm.customers.timeline import Happened, Told, Words
from crm.web.filters import phone_number


def _created(happened: Happened) -> Told:
    area = happened.after("area")
    said = Markup("Came in as an {}").format(_link(happened, "area customer"))
    return Told(said + (f" of {area}" if area else ""))


def _edited(happened: Happened) -> Told:
    lines = [_changed(field, happened) for field in TOLD if field in happened.changes]
    return Told(Markup("{} edited").format(_link(happened, "Area customer")), lines)


def _changed(field: str, happened: Happened) -> str:
    before, after = (_shown(field, value, happened) for value in happened.changes[field])
    if before and after:
        return f"{TOLD[field]} from {before} to {after}"
    return f"{TOLD[field]} added: {after}" if after else f"{TOLD[field]} removed: {before}"


def _shown(field: str, value: object, happened: Happened) -> str:
    if not value:
        return ""
    if field == "branch_id":
        return happened.branches.get(int(str(value)), "that is gone")
    return phone_number(str(value), valid=str(value).startswith("+")) if field == "phone" else str(value)


def _link(happened: Happened, text: str) -> Markup:
    page = url_for("area_customers.show", area_customer_id=happened.subject_id)
    return Markup('<a href="{}">{}</a>').format(page, text)


WORDS: dict[str, Words | str] = {
    "area_customer.created": _created,
    "area_customer.edited": _edited,
}
"""How each event is told."""
