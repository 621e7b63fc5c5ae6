"""What the palette finds of segments."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from crm.kernel.extensions import db
from crm.kernel.manifest import Hit
from crm.segments.models import Segment
from crm.segments.queries import by_name


def find(query: str, most: int) -> Sequence[Hit]:
    found = by_name().where(Segment.name.icontains(query, autoescape=True)).limit(most)
    return [Hit(segment.name, url_for("segments.show", segment_id=segment.id)) for segment in db.session.scalars(found)]
