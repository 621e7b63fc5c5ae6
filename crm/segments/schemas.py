"""API schemas of segments."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from crm.api.fields import RequiredLine, Timestamp
from crm.api.schemas import Input, Output
from crm.consents.reach import Reach
from crm.segments.queries import MAX_NAME

NAME = "Enter a name for the segment."
MOST_FILTERS, LONGEST_VALUE = 30, 200
QUERY = (
    "What narrows the list of customers, by the names of its URL: `city`, `tier`, `branch`, `away`, `rfm` and so on."
)


class ListQuery(fields.Dict):
    """A query of the list of customers: texts or whole numbers by name."""

    default_error_messages = {"invalid": 'Send an object, like {{"city": "Bandung"}}.'}

    def __init__(self, **options: Any) -> None:
        values = {"type": ["string", "integer"]}
        kinds = {"type": "object", "additionalProperties": values, "description": QUERY}
        super().__init__(**{"metadata": kinds, **options})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict) or len(value) > MOST_FILTERS:
            raise self.make_error("invalid")
        for each in value.values():
            if isinstance(each, bool) or not isinstance(each, str | int) or len(str(each)) > LONGEST_VALUE:
                raise ValidationError("Send a text or a whole number for each filter.")
        return {str(name): str(each) for name, each in value.items() if each != ""}


class SegmentChange(Input):
    name = RequiredLine(MAX_NAME, NAME)
    query = ListQuery()


class SegmentInput(SegmentChange):
    name = RequiredLine(MAX_NAME, NAME, required=True)
    query = ListQuery(required=True)


class Segment(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    query = fields.Dict(keys=fields.String(), values=fields.String())
    created_at = Timestamp()
    updated_at = Timestamp()


class SegmentDetails(Segment):
    customers = fields.Integer(metadata={"description": "How many match now."})
    reach = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Integer()),
        metadata={"description": f"By channel, how many of them can be reached for marketing: {', '.join(Reach)}."},
    )
    problem = fields.String(metadata={"description": "Why nobody matches, empty where nothing is wrong."})
