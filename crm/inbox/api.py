"""What customers write."""

from __future__ import annotations

import dataclasses
from typing import Any

from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import page_of
from crm.inbox import schemas
from crm.inbox.queries import entries_of, texts
from crm.web.lists import read_counted

bp = Resource("inbound", "Inbound messages", 60)


@bp.get("/inbound/")
@bp.arguments(schemas.InboundQuery, location="query")
@bp.response(200, page_of(schemas.Inbound))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List what customers wrote, the latest first: all, or what nobody has seen to yet."""
    page = read_counted(texts(unread=query.get("unread")), query["page"], query["page_size"])
    return paging.by_number(dataclasses.replace(page, rows=entries_of(page.rows)))
