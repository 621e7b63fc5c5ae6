"""Visits in the JSON API."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response

from crm.api import paging
from crm.api.branches import in_columns
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.customers.api import find_customer
from crm.visits import queries, schemas, services

bp = Resource("visits", "Customers", 22, operations="visits")


@bp.post("/customers/<id:customer_id>/check_in/")
@bp.arguments(schemas.CheckIn, required=False)
@bp.response(201, schemas.CheckedIn)
@bp.alt_response(200, schema=schemas.CheckedIn, description="The customer is there already; nothing was added.")
def check_in(given: dict[str, Any], customer_id: int) -> Response:
    """Check a customer in.

    Within a few hours at the same branch it is the same visit, and its time does not move.
    """
    branch_id = in_columns(given).get("branch_id")
    found = services.check_in(find_customer(customer_id).id, branch_id, source="API")
    return make_response(jsonify(schemas.CheckedIn().dump(found._asdict())), 200 if found.already else 201)


@bp.get("/customers/<id:customer_id>/visits/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Visit))
def index(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List the check-ins of a customer, the latest first."""
    return paging.numbered(queries.visits_of(find_customer(customer_id).id), query)
