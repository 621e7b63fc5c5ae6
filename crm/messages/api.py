"""Messages to customers."""

from __future__ import annotations

from typing import Any

from flask import Response

from crm.accounts.access import find
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.customers.api import find_customer
from crm.customers.rules import MessagePurpose
from crm.kernel.problems import InputProblem
from crm.messages import queries, schemas, services
from crm.messages.channels.registry import channel_named
from crm.messages.checks import RefusedError
from crm.messages.models import Message

bp = Resource("messages", "Messages", 50)


@bp.get("/customers/<id:customer_id>/messages/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Message))
def index(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List a customer's messages, the latest first."""
    return paging.numbered(queries.messages(find_customer(customer_id).id), query)


@bp.post("/customers/<id:customer_id>/messages/")
@bp.arguments(schemas.MessageInput)
@bp.response(201, schemas.Message)
def create(given: dict[str, Any], customer_id: int) -> Message:
    """Schedule a message.

    It is refused where the customer can't or may not be reached, or did not agree to marketing by the channel, or
    the time is past or too far away.
    """
    customer = find_customer(customer_id)
    try:
        return services.schedule_message(
            customer.id,
            channel_named(given["channel"]),
            given["body"],
            given["send_at"],
            subject=given.get("subject", ""),
            purpose=MessagePurpose(given.get("purpose", MessagePurpose.SERVICE)),
        )
    except RefusedError as error:
        raise InputProblem({error.field: [str(error)]}) from None


@bp.get("/messages/<id:message_id>/")
@bp.response(200, schemas.Message)
def show(message_id: int) -> Message:
    """Read a message and what became of it."""
    return _find(message_id)


@bp.patch("/messages/<id:message_id>/")
@bp.arguments(schemas.MessageChange)
@bp.response(200, schemas.Message)
def change(given: dict[str, Any], message_id: int) -> Message:
    """Change a message that nobody is sending yet."""
    message = _find(message_id)
    body = given.get("body", message.body)
    try:
        return services.edit_message(
            message.id,
            channel_named(given.get("channel", message.channel)),
            body,
            given.get("send_at", message.send_at),
            must_arrive=message.must_arrive,
            template=message.approved if body == message.body else None,
            subject=given.get("subject", message.subject),
        )
    except RefusedError as error:
        raise InputProblem({error.field: [str(error)]}) from None


@bp.delete("/messages/<id:message_id>/")
@bp.response(204)
def cancel(message_id: int) -> Response:
    """Cancel a message that nobody is sending yet; it stays to be read."""
    services.cancel_message(_find(message_id).id)
    return Response(status=204)


def _find(message_id: int) -> Message:
    message = find(Message, message_id)
    find_customer(message.customer_id)
    return message
