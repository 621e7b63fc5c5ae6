"""Check-ins on the customer's page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.accounts.models import Branch
from crm.customers.models import Customer
from crm.customers.queries import WITH_BRANCH, WITH_FURTHER
from crm.values.language import gettext as _
from crm.visits import services
from crm.visits.models import Visit
from crm.web.filters import clock_time, number
from crm.web.htmx import done
from crm.web.ids import id_in

bp = Blueprint("visits", __name__)


@bp.post("/customers/<id:customer_id>/check-ins")
def check_in(customer_id: int) -> Response:
    find(Customer, customer_id)
    branch_id = id_in(request.form.get("branch"))
    found = services.check_in(customer_id, find(Branch, branch_id).id if branch_id else None)
    customer = _shown(found.visit.customer_id)
    if found.already:
        return _changed(_("Already here since %(time)s.", time=clock_time(found.at)), customer)
    time, visits = clock_time(found.at), number(customer.visit_days)
    text = _("Checked in at %(time)s. Visit number %(number)s.", time=time, number=visits)
    return _changed(text, customer, undo=url_for("visits.take_back", visit_id=found.visit.id))


@bp.post("/visits/<id:visit_id>/delete")
def take_back(visit_id: int) -> Response:
    customer = services.take_back(find(Visit, visit_id).id)
    return _changed(_("Check-in taken back."), _shown(customer.id))


def _shown(customer_id: int) -> Customer:
    return find(Customer, customer_id, WITH_BRANCH, WITH_FURTHER)


def _changed(text: str, customer: Customer, **context: Any) -> Response:
    page = url_for("customers.show", customer_id=customer.id)
    return done(text, page, "visits/changed.htmx.html", customer=customer, **context)
