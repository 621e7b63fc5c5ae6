"""Messages that come again: stopping them, and taking that back."""

from __future__ import annotations

from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.compose import panel
from crm.customers.models import Customer
from crm.series import services
from crm.series.models import Series
from crm.values.language import gettext as _
from crm.web.htmx import done

bp = Blueprint("series", __name__)


@bp.post("/message-series/<id:series_id>/stop")
def stop(series_id: int) -> Response:
    series = services.stop_series(find(Series, series_id).id)
    return _changed(_("Repeating stopped."), series, url_for("series.undo_stop", series_id=series_id))


@bp.post("/message-series/<id:series_id>/stop/delete")
def undo_stop(series_id: int) -> Response:
    return _changed(_("Repeating again."), services.undo_stop(find(Series, series_id).id))


def _changed(text: str, series: Series, undo: str | None = None) -> Response:
    customer = find(Customer, series.customer_id)
    location = url_for("customers.show", customer_id=customer.id, _anchor="messages-panel")
    return done(text, location, "messages/changed.htmx.html", undo=undo, customer=customer, data=panel.load(customer))
