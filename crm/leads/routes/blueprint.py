"""The blueprint that all pages of leads share, and the answer to what changes one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.accounts.rules import return_path
from crm.leads.models import Lead
from crm.leads.queries import commitments_of, follow_ups_of, leads_of
from crm.values import clock
from crm.web.filters import today
from crm.web.htmx import done

bp = Blueprint("leads", __name__)


def changed(text: str, lead_id: int, *, undo: str | None = None, back: bool = False) -> Response:
    """Answer with a toast and the current lead; with `back`, redirect a page without htmx to where it was."""
    lead = find(Lead, lead_id)
    show = url_for("leads.show", lead_id=lead_id)
    here = return_path(request.referrer, request.host) if back and request.referrer else show
    customer: dict[str, Any] = {
        "customer": lead.customer,
        "leads": leads_of(lead.customer_id) if lead.customer_id else [],
    }
    return done(text, here, "leads/changed.htmx.html", undo=undo, show=show, **parts_of(lead), **customer)


def parts_of(lead: Lead) -> dict[str, Any]:
    follow_ups, commitments = follow_ups_of(lead.id), commitments_of(lead.id)
    return {
        "lead": lead,
        "follow_ups": follow_ups,
        "commitments": commitments,
        "now": clock.utcnow(),
        "today": today(),
    }
