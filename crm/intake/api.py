"""Customers that come from elsewhere: added by hand, collected from other records."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, url_for

from crm.accounts.access import find
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import CursorQuery
from crm.customers.api_queries import page_of_customers
from crm.customers.filters import Filters
from crm.customers.models import Customer
from crm.intake import schemas as schemas
from crm.intake import services
from crm.intake.intakes import intake_of
from crm.intake.models import Scan
from crm.kernel.branch_scope import bound_branch
from crm.web.security import public_url

bp = Resource("collection", "Collection", 30)


@bp.post("/customers/manual-add/")
@bp.arguments(schemas.IntakeInput)
@bp.response(201, schemas.Collected)
@bp.alt_response(
    200, schema=schemas.Collected, description="It is a customer who was there, and is brought up to date."
)
def add(given: dict[str, Any]) -> Response:
    """Add a customer, or bring the one up to date who it is.

    Customers are found by phone, then e-mail, then passport number: name, branch and last activity are those of the
    later activity, the other fields fill blanks. Where somebody has to look whether two customers are one person, the
    answer names the others in `duplicates`.
    """
    taken = services.add(intake_of(given, source="Manual", keeps_branch=bound_branch() is not None))
    answer = schemas.Collected().dump(find(Customer, taken.customer_id))
    if taken.duplicates:
        answer["duplicates"] = list(taken.duplicates)
    return make_response(jsonify(answer), 201 if taken.created else 200)


@bp.get("/customers/auto-collection/")
@bp.arguments(CursorQuery, location="query")
@bp.response(200, schemas.CollectedPage)
def customers(query: dict[str, Any]) -> dict[str, Any]:
    """List all customers, from wherever they came, the newest first."""
    filters = Filters(
        sort="-created_at",
        page=query["page"],
        per_page=query["page_size"],
        after=query.get("after", "")[:60],
        before=query.get("before", "")[:60],
    )
    page = paging.by_cursor(page_of_customers(filters), query["page"])
    return {**page, "total_customers": page["count"], "customers": page["results"]}


@bp.post("/customers/auto-collection/")
@bp.arguments(schemas.ScanInput)
@bp.response(200, schemas.Scanned)
@bp.alt_response(202, schema=schemas.ScanPlace, description="There is much to look at: the address says how far it is.")
def collect(given: dict[str, Any]) -> Any:
    """Collect customers from leads, bookings and area customers of the last days.

    Up to 5,000 records are looked at before it answers. More are gone through in the background, and so answers a
    request that comes while that is under way.
    """
    scan = services.scan_records(given["cutoff_days"])
    if not scan.is_under_way:
        return scan
    place = public_url(url_for("api_collection.scan", scan_id=scan.id))
    return make_response(jsonify({"scan": place}), 202, {"Location": place})


@bp.get("/collection/scans/<id:scan_id>/")
@bp.response(200, schemas.Scan)
def scan(scan_id: int) -> Scan:
    """Read how far a collection is, and what came of it."""
    return find(Scan, scan_id)
