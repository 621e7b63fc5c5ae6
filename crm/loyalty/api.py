from __future__ import annotations

from typing import Any

from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.customers.api import find_customer
from crm.customers.models import Customer
from crm.customers.schemas import CustomerDetails
from crm.loyalty import queries, schemas, services

bp = Resource("points", "Customers", 21, operations="customers")


@bp.post("/customers/<id:customer_id>/update_points/")
@bp.arguments(schemas.PointsChange)
@bp.response(200, CustomerDetails)
def update_points(given: dict[str, Any], customer_id: int) -> Customer:
    """Add points, or deduct them.

    A deduction takes what is there and no more; 0 changes nothing.
    """
    customer = find_customer(customer_id)
    if given["points"]:
        services.change_points(customer.id, given["points"], given["reason"], source="API")
    customer.facts.clear()
    return find_customer(customer_id)


@bp.get("/customers/<id:customer_id>/points/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.PointsEntry))
def points(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List the entries of a customer's points, the latest first."""
    return paging.numbered(queries.entries(find_customer(customer_id).id), query)
