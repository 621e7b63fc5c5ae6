"""Changes of segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.kernel.columns import db_now
from crm.kernel.db import locked, transaction
from crm.kernel.errors import FieldError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.segments import queries
from crm.segments.audience import audience_of, stored
from crm.segments.models import Segment
from crm.segments.signals import segment_deleting
from crm.values.language import gettext as _


def add(name: str, query: Mapping[str, Any], key: RequestKey | None = None) -> Segment:
    """Save a query under a name; raises FieldError for one that is taken or a query that can't match."""
    with transaction() as session:
        once = Once(key)
        if once.earlier is not None:
            return once.found(Segment)
        _check(name, query)
        segment = Segment(name=name, name_key=queries.key_of(name), query=stored(query), created_by_id=current_actor())
        session.add(segment)
        _write(segment)
        once.made(segment.id)
        record("segment.added", segment, changes={"name": [None, name]})
        return segment


def find_or_add(name: str, query: Mapping[str, Any]) -> Segment:
    """Return the segment of a query, or save it under a name, numbered where that is taken."""
    with transaction():
        kept = stored(query)
        for segment in db.session.scalars(sa.select(Segment).order_by(Segment.id).limit(queries.MOST_COMPARED)):
            if segment.query == kept:
                return segment
        return add(queries.free_name(name), query)


def edit(segment_id: int, name: str | None = None, query: Mapping[str, Any] | None = None) -> Segment:
    """Change what is given; raises FieldError as `add` does."""
    with transaction():
        segment = _lock(segment_id)
        _check(name, query, but=segment)
        if name is not None:
            segment.name, segment.name_key = name, queries.key_of(name)
        if query is not None:
            segment.query = stored(query)
        changes = changes_of(segment)
        if changes:
            segment.updated_at = db_now()
            _write(segment)
            changes.pop("name_key", None)
            record("segment.edited", segment, changes=changes)
        return segment


def delete(segment_id: int) -> str:
    """Delete a segment and return its name; raises ConflictError where something still needs it."""
    with transaction() as session:
        segment = _lock(segment_id)
        segment_deleting.send(segment)
        name = segment.name
        record("segment.deleted", segment, changes={"name": [name, None]})
        session.delete(segment)
        return name


def _check(name: str | None, query: Mapping[str, Any] | None, but: Segment | None = None) -> None:
    other = queries.segment_called(name) if name is not None else None
    if other is not None and (but is None or other.id != but.id):
        raise _taken(other.name)
    if query is not None and (problem := audience_of(query).problem):
        raise FieldError("query", problem)


def _write(segment: Segment) -> None:
    """Write the row; the unique index decides about the name between two requests at once."""
    name = segment.name
    try:
        db.session.flush()
    except IntegrityError:
        raise _taken(name) from None


def _taken(name: str) -> FieldError:
    return FieldError("name", _("There is a segment “%(name)s”. Choose another name.", name=name))


def _lock(segment_id: int) -> Segment:
    return db.session.scalars(locked(sa.select(Segment).where(Segment.id == segment_id))).one()
