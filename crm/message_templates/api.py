"""Message templates."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from crm.api import paging
from crm.api.fields import Timestamp
from crm.api.resource import Resource
from crm.api.schemas import Output, PageQuery, page_of
from crm.customers.rules import MessagePurpose
from crm.message_templates import queries
from crm.messages.channels.registry import NAMES
from crm.messages.rules import TemplateCategory

bp = Resource("message_templates", "Message templates", 55)


class MessageTemplate(Output):
    """Rows of one name and channel are versions of each other; the language of one for any is empty."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    channel = fields.String(metadata={"enum": NAMES})
    language = fields.String(metadata={"description": "A code like id or en_US; empty for any language."})
    subject = fields.String(metadata={"description": "Of an e-mail."})
    body = fields.String()
    approved_name = fields.String()
    purpose = fields.String(metadata={"enum": list(MessagePurpose)})
    category = fields.String(
        metadata={
            "enum": [category.value for category in TemplateCategory],
            "description": "What WhatsApp approved it for: marketing takes `marketing`. Empty where nobody said.",
        }
    )
    parameters = fields.List(fields.String())
    created_at = Timestamp()


@bp.get("/message-templates/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(MessageTemplate))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the templates of messages, by name and language."""
    return paging.numbered(queries.kept_templates(), query)
