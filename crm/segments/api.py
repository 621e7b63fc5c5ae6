"""Segments in the JSON API."""

from __future__ import annotations

from typing import Any

from flask import Response

from crm.accounts.access import find
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.kernel.errors import FieldError
from crm.kernel.problems import InputProblem
from crm.segments import queries, schemas, services
from crm.segments.audience import audience_of
from crm.segments.models import Segment

bp = Resource("segments", "Segments", 50)


@bp.get("/segments/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Segment))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the segments by name."""
    return paging.numbered(queries.by_name(), query)


@bp.post("/segments/")
@bp.arguments(schemas.SegmentInput)
@bp.response(201, schemas.SegmentDetails)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Save a filter of the list of customers."""
    try:
        return _details(services.add(given["name"], given["query"]))
    except FieldError as error:
        raise InputProblem({error.field: [str(error)]}) from None


@bp.get("/segments/<id:segment_id>/")
@bp.response(200, schemas.SegmentDetails)
def show(segment_id: int) -> dict[str, Any]:
    """Read a segment, and how many customers match it now."""
    return _details(find(Segment, segment_id))


@bp.patch("/segments/<id:segment_id>/")
@bp.arguments(schemas.SegmentChange)
@bp.response(200, schemas.SegmentDetails)
def change(given: dict[str, Any], segment_id: int) -> dict[str, Any]:
    """Change the name of a segment, or its filter."""
    try:
        return _details(services.edit(find(Segment, segment_id).id, **given))
    except FieldError as error:
        raise InputProblem({error.field: [str(error)]}) from None


@bp.delete("/segments/<id:segment_id>/")
@bp.response(204)
def delete(segment_id: int) -> Response:
    """Delete a segment; one that is still to be written to is a conflict."""
    services.delete(find(Segment, segment_id).id)
    return Response(status=204)


def _details(segment: Segment) -> dict[str, Any]:
    audience = audience_of(segment.query)
    shown = {name: getattr(segment, name) for name in ("id", "organization_id", "name", "query")}
    moments = {name: getattr(segment, name) for name in ("created_at", "updated_at")}
    reach = {
        str(channel): {each.value: number for each, number in counts.items()}
        for channel, counts in audience.reach().items()
    }
    return shown | moments | {"customers": audience.count(), "reach": reach, "problem": audience.problem}
