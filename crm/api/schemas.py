"""The base of all shapes: input, output and pages."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import marshmallow as ma
from marshmallow import fields

from crm.accounts.queries import current_organization
from crm.api.fields import QueryNumber
from crm.people.contact_fields import ContactFields

ONE_OF = "Choose one of {choices}."

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


class Input(ma.Schema):
    """Sent values; unknown fields are ignored. One of the fields in `one_of` is required.

    A body that `may_be_left_out` is empty then.
    """

    one_of: ClassVar[tuple[str, ...]] = ()
    may_be_left_out: ClassVar[bool] = False

    class Meta:
        unknown = ma.EXCLUDE

    error_messages = {"type": 'Send an object, like {"name": "Siti"}.'}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name the field in its messages."""
        label = field_name.replace("_", " ").capitalize()
        messages = field_obj.error_messages
        for key in ("required", "null"):
            if messages[key] == fields.Field.default_error_messages[key]:
                messages[key] = (
                    f"{label} is required" if field_obj.required else f"Leave {label.lower()} out, or fill it in."
                )
        if messages.get("invalid") == fields.String.default_error_messages["invalid"]:
            messages["invalid"] = "Send text."

    def handle_error(self, error: ma.ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """Order the problems as the fields: the first one is the sentence of the whole answer."""
        if isinstance(error.messages, dict):
            place = {name: number for number, name in enumerate(self.fields)}
            found = sorted(error.messages.items(), key=lambda item: place.get(item[0], len(place)))
            error.messages = dict(found)


class ContactInput(Input):
    """Sent values of a person; problems of `ContactFields` are reported at their fields."""

    columns: ClassVar[dict[str, str]] = {}
    """Column names of fields that have another name."""

    @ma.validates_schema(skip_on_field_errors=False)
    def _can_be_stored(self, given: dict[str, Any], **kwargs: Any) -> None:
        columns = {self.columns.get(name, name): value for name, value in given.items()}
        problems = ContactFields.read(columns, current_organization().phone_region).sentences()
        if problems:
            names = {self.columns.get(name, name): name for name in given}
            raise ma.ValidationError({names[column]: sentences for column, sentences in problems.items()})


class Output(ma.Schema):
    """Answered values; every field is always present."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = field_obj.dump_only = True


def always(sentence: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "null", "invalid"), sentence)


class PageQuery(Input):
    page = QueryNumber(load_default=1)
    page_size = QueryNumber(1, MAX_PAGE_SIZE, load_default=PAGE_SIZE)


class CursorQuery(PageQuery):
    page = QueryNumber(load_default=1, metadata={"description": "To row 10,000; `next` goes further."})
    after = fields.String(metadata={"description": "The cursor that `next` carries."})
    before = fields.String(metadata={"description": "The cursor that `previous` carries."})


@functools.cache
def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    class Page(Output):
        count = fields.Integer(metadata={"minimum": 0})
        next = fields.String(allow_none=True)
        previous = fields.String(allow_none=True)
        results = fields.List(fields.Nested(item))

    Page.__name__ = f"{item.__name__}Page"
    return Page
