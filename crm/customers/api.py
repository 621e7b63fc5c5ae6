"""Customers in the JSON API."""

from __future__ import annotations

from typing import Any

from flask import Response, abort

from crm.accounts.access import find
from crm.api import paging
from crm.api.branches import in_columns
from crm.api.resource import Resource
from crm.api.schemas import page_of
from crm.customers import schemas, services
from crm.customers.api_queries import page_of_customers
from crm.customers.bulk_models import Action
from crm.customers.facts import fill
from crm.customers.filters import Filters, Selection
from crm.customers.models import Customer
from crm.customers.queries import read_further
from crm.customers.referral_codes import UnknownCodeError
from crm.customers.shared_keys import EmailTakenError
from crm.kernel.problems import InputProblem
from crm.values.text import clean_line

bp = Resource("customers", "Customers", 20)

TAKEN = "Customer with this email already exists"


@bp.get("/customers/")
@bp.arguments(schemas.CustomerQuery, location="query")
@bp.response(200, page_of(schemas.Customer))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List customers.

    Archived ones are left out. `count` is exact; `next` carries a cursor and goes on at any depth.
    """
    status = {True: "active", False: "inactive"}.get(query.get("is_active", ""), "")
    filters = Filters(
        q=clean_line(query.get("search", ""))[:200],
        tier=query.get("loyalty_level", ""),
        status=status,
        city=clean_line(query.get("city", ""))[:100],
        province=clean_line(query.get("province", ""))[:100],
        sort=query["ordering"],
        page=query["page"],
        per_page=query["page_size"],
        after=query.get("after", "")[:60],
        before=query.get("before", "")[:60],
    )
    page = page_of_customers(filters)
    read_further(page.rows)
    fill(page.rows)
    return paging.by_cursor(page, query["page"])


@bp.post("/customers/")
@bp.arguments(schemas.CustomerCreation)
@bp.response(201, schemas.CustomerDetails)
def create(given: dict[str, Any]) -> Customer:
    """Add a customer.

    One whose phone number belongs to somebody else is added all the same; an e-mail can belong to one customer.
    """
    try:
        customer = services.create_customer(in_columns({"source": "API", **given}), another_person=True)
    except EmailTakenError:
        raise InputProblem({"email": [TAKEN]}) from None
    except UnknownCodeError as error:
        raise InputProblem({error.field: [str(error)]}) from None
    return _with_code(customer)


@bp.get("/customers/<id:customer_id>/")
@bp.response(200, schemas.CustomerDetails)
def show(customer_id: int) -> Customer:
    """Read a customer.

    One who was merged with another is not found, as one who is archived: the other one has all of it.
    """
    return _with_code(find_customer(customer_id))


@bp.put("/customers/<id:customer_id>/")
@bp.arguments(schemas.CustomerReplacement)
@bp.response(200, schemas.CustomerDetails)
def replace(given: dict[str, Any], customer_id: int) -> Customer:
    """Change a customer.

    What was read can be sent back: fields that can't be changed are ignored.
    """
    return _edit(customer_id, given)


@bp.patch("/customers/<id:customer_id>/")
@bp.arguments(schemas.CustomerChange)
@bp.response(200, schemas.CustomerDetails)
def change(given: dict[str, Any], customer_id: int) -> Customer:
    """Change some fields of a customer."""
    return _edit(customer_id, given)


@bp.delete("/customers/<id:customer_id>/")
@bp.response(204)
def archive(customer_id: int) -> Response:
    """Archive a customer.

    They are in no list and no answer any more, and can be restored.
    """
    services.archive_customer(find_customer(customer_id).id)
    return Response(status=204)


@bp.post("/customers/<id:customer_id>/restore/")
@bp.response(200, schemas.CustomerDetails)
def restore(customer_id: int) -> Customer:
    """Bring an archived customer back, active."""
    return _with_code(services.restore_customer(find(Customer, customer_id).id))


@bp.post("/customers/bulk_update/")
@bp.arguments(schemas.Selection)
@bp.response(200, schemas.Said)
def bulk_update(given: dict[str, Any]) -> dict[str, str]:
    """Activate or deactivate customers.

    Ids that are no customers of the organization are left out of the count.
    """
    change = services.change_many(Selection.of(given["customer_ids"]), Action(given["action"]))
    return {"message": f"{change.total} customers updated successfully"}


def find_customer(customer_id: int) -> Customer:
    """Raise 404 for an archived customer too."""
    customer = find(Customer, customer_id)
    if customer.is_archived:
        abort(404)
    return customer


def _edit(customer_id: int, given: dict[str, Any]) -> Customer:
    try:
        customer = services.edit_customer(find_customer(customer_id).id, in_columns(given), another_person=True)
    except EmailTakenError:
        raise InputProblem({"email": [TAKEN]}) from None
    return _with_code(customer)


def _with_code(customer: Customer) -> Customer:
    if customer.referral_code:
        return customer
    customer_id = customer.id
    services.give_referral_code(customer_id)
    return find(Customer, customer_id)
