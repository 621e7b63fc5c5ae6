"""Leads for the search over everything; the conditions are those of the list."""

from __future__ import annotations

from flask import url_for

from crm.kernel.extensions import db
from crm.kernel.manifest import Hit
from crm.leads.lists import SEARCHED_BRIEFLY, found
from crm.leads.models import LeadStatus
from crm.web.filters import phone_number


def find(query: str, most: int) -> list[Hit]:
    rows = db.session.scalars(found("", None, query, SEARCHED_BRIEFLY).limit(most))
    return [
        Hit(
            row.name,
            url_for("leads.show", lead_id=row.id),
            tuple(filter(None, (phone_number(row.phone, row.phone_valid), str(LeadStatus(row.status).label)))),
        )
        for row in rows
    ]
