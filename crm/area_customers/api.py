"""Area customers."""

from __future__ import annotations

from typing import Any

from crm.accounts.access import find
from crm.api import paging
from crm.api.branches import in_columns
from crm.api.resource import Resource
from crm.api.schemas import page_of
from crm.area_customers import schemas as schemas
from crm.area_customers import services
from crm.area_customers.models import AreaCustomer
from crm.area_customers.queries import AreaFilter
from crm.values.text import clean_line

bp = Resource("area_customers", "Area customers", 90)


@bp.get("/area-customers/")
@bp.arguments(schemas.AreaCustomerQuery, location="query")
@bp.response(200, page_of(schemas.AreaCustomer))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List area customers, the latest first."""
    wanted = AreaFilter(
        clean_line(query.get("search", ""))[:200], clean_line(query.get("area", ""))[:100], query.get("branch")
    )
    return paging.numbered(wanted.statement(), query)


@bp.post("/area-customers/")
@bp.arguments(schemas.AreaCustomerInput)
@bp.response(201, schemas.AreaCustomer)
def create(given: dict[str, Any]) -> AreaCustomer:
    """Add an area customer.

    Whom it tells of is found among the customers, or becomes one.
    """
    return services.add(in_columns(given))


@bp.get("/area-customers/<id:area_customer_id>/")
@bp.response(200, schemas.AreaCustomer)
def show(area_customer_id: int) -> AreaCustomer:
    """Read an area customer."""
    return find(AreaCustomer, area_customer_id)


@bp.put("/area-customers/<id:area_customer_id>/")
@bp.arguments(schemas.AreaCustomerInput)
@bp.response(200, schemas.AreaCustomer)
def replace(given: dict[str, Any], area_customer_id: int) -> AreaCustomer:
    """Change an area customer.

    What was read can be sent back: fields that can't be changed are ignored.
    """
    return services.edit(find(AreaCustomer, area_customer_id).id, in_columns(given))


@bp.patch("/area-customers/<id:area_customer_id>/")
@bp.arguments(schemas.AreaCustomerChange)
@bp.response(200, schemas.AreaCustomer)
def change(given: dict[str, Any], area_customer_id: int) -> AreaCustomer:
    """Change some fields of an area customer."""
    return services.edit(find(AreaCustomer, area_customer_id).id, in_columns(given))
