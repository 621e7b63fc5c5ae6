"""Visits in the JSON API."""

from __future__ import annotations

from typing import Any

from crm.visits import queries
from marshmallow import fields

from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import Output, PageQuery, page_of
from crm.customers.api import find_customer

bp = Resource("visits", "Visits", 200)


class Visit(Output):
    """A visit."""

    id = fields.Integer()
    customer = fields.Integer(attribute="customer_id")


@bp.get("/customers/<id:customer_id>/visits/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(Visit))
def index(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List the visits of a customer, the latest first."""
    return paging.numbered(queries.visits_of(find_customer(customer_id).id), query)
