from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.accounts import branches as services
from crm.accounts.access import find
from crm.accounts.models import Branch
from crm.accounts.queries import branches
from crm.api import branch_schemas as schemas
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.problems import InputProblem

bp = Resource("branches", "Branches", 100)


@bp.get("/branches/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Branch))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the branches by name."""
    return paging.numbered(_by_name(), query)


@bp.post("/branches/")
@bp.arguments(schemas.BranchInput)
@bp.response(201, schemas.Branch)
def create(given: dict[str, Any]) -> Branch:
    """Add a branch; a name that another one has is a conflict."""
    try:
        return find(Branch, services.add(given["name"]))
    except SentenceError as error:
        raise ConflictError(str(error)) from None


@bp.get("/branches/<id:branch_id>/")
@bp.response(200, schemas.Branch)
def show(branch_id: int) -> Branch:
    """Read a branch."""
    return find(Branch, branch_id)


@bp.put("/branches/<id:branch_id>/")
@bp.arguments(schemas.BranchInput)
@bp.response(200, schemas.Branch)
def replace(given: dict[str, Any], branch_id: int) -> Branch:
    """Rename a branch."""
    return _rename(branch_id, given)


@bp.patch("/branches/<id:branch_id>/")
@bp.arguments(schemas.BranchInput)
@bp.response(200, schemas.Branch)
def change(given: dict[str, Any], branch_id: int) -> Branch:
    """Rename a branch."""
    return _rename(branch_id, given)


def in_columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return the values by column, a `branch` as `branch_id`; raises InputProblem for an unknown branch."""
    columns = dict(given)
    if "branch" in columns:
        branch = columns["branch_id"] = columns.pop("branch")
        if branch is not None and branch not in {known.id for known in branches()}:
            raise InputProblem({"branch": ["There is no branch with this id."]})
    return columns


def _by_name() -> sa.Select[Branch]:
    return sa.select(Branch).order_by(Branch.name, Branch.id)


def _rename(branch_id: int, given: dict[str, Any]) -> Branch:
    branch = find(Branch, branch_id)
    try:
        services.rename(branch.id, given["name"])
    except SentenceError as error:
        raise ConflictError(str(error)) from None
    return find(Branch, branch_id)
