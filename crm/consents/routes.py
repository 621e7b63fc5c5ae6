"""Consent on the customer's page."""

from __future__ import annotations

from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.consents import services
from crm.consents.forms import ConsentForm
from crm.consents.queries import panel_data
from crm.customers.models import Customer
from crm.customers.queries import WITH_BRANCH, WITH_FURTHER
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("consents", __name__)


@bp.get("/customers/<id:customer_id>/consents/new")
@bp.post("/customers/<id:customer_id>/consents", endpoint="add")
def new(customer_id: int) -> Response:
    customer, form = find(Customer, customer_id), ConsentForm()
    if form.validate_on_submit():
        try:
            services.record_consent(customer_id, *form.values())
        except SentenceError as error:
            form.form_errors.append(str(error))
        else:
            return _changed(customer_id)
    status = 422 if form.is_submitted() else 200
    return respond("consents/new.html", "consents/_form.html", status, form=form, customer=customer)


def _changed(customer_id: int) -> Response:
    customer = find(Customer, customer_id, WITH_BRANCH, WITH_FURTHER)
    page = url_for("customers.show", customer_id=customer_id, _anchor="consents-title")
    data = panel_data(customer)
    return done(_("Consent saved."), page, "consents/changed.htmx.html", customer=customer, data=data)
