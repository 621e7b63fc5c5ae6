"""Parcels in the JSON API."""

from __future__ import annotations

from typing import Any

from crm.parcels import queries
from marshmallow import fields

from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import Output, PageQuery, page_of
from crm.customers.api import find_customer

bp = Resource("parcels", "Parcels", 200)


class Parcel(Output):
    """A parcel."""

    id = fields.Integer()
    customer = fields.Integer(attribute="customer_id")


@bp.get("/customers/<id:customer_id>/parcels/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(Parcel))
def index(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List the parcels of a customer, the latest first."""
    return paging.numbered(queries.parcels_of(find_customer(customer_id).id), query)
