"""The forms of a segment."""

from __future__ import annotations

from collections.abc import Mapping

from wtforms import StringField

from crm.segments.audience import OF_PAGES
from crm.segments.models import Segment
from crm.segments.queries import MAX_NAME
from crm.values.language import N_
from crm.web.forms import CreatingForm, Form, Length, Required

OWN = ("name", "csrf_token", "idempotency_key", "typed_by", *OF_PAGES)
"""Fields that are not of the list's query."""

NAME = N_("Enter a name for the segment.")


class SegmentForm(CreatingForm):
    """A new segment: its name, beside the fields of the list's query."""

    name = StringField(N_("Name"), [Required(NAME), Length(MAX_NAME)])

    def __init__(self, given: Mapping[str, str], suggested: str = "") -> None:
        super().__init__(data={"name": suggested[:MAX_NAME]})
        self.query = {name: value for name, value in given.items() if name not in OWN and value}


class RenamingForm(Form):
    name = StringField(N_("Name"), [Required(NAME), Length(MAX_NAME)])

    def __init__(self, segment: Segment) -> None:
        super().__init__(data={"name": segment.name})
