"""Whether a provider takes marketing as it is: WhatsApp wants a template that it approved as marketing.

Source: WhatsApp Business Platform, template categories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.message_templates.models import Template
from crm.messages.checks import RefusedError
from crm.messages.models import Message
from crm.messages.rules import TemplateCategory, unapproved
from crm.messages.signals import marketing_scheduling
from crm.providers.registry import needs_approval


def categories_of(messages: Iterable[Message]) -> Mapping[int, TemplateCategory]:
    """Return by message what its template is approved for: as the template says by now, else as it said then."""
    approved = {message.id: found for message in messages if message.is_marketing and (found := message.approved)}
    ids = {template.template_id for template in approved.values() if template.template_id is not None}
    known: dict[tuple[int | None, str], TemplateCategory] = {}
    if ids:
        columns = sa.select(Template.id, Template.approved_name, Template.category)
        rows = db.session.execute(columns.where(one_of(Template.id, ids)))
        known = {(row.id, row.approved_name): row.category for row in rows}
    return {id_: known.get((each.template_id, each.name), each.category) for id_, each in approved.items()}


@marketing_scheduling.connect
def refuse_unapproved(message: Message, **kwargs: Any) -> None:
    if not needs_approval(current_organization(), message.channel):
        return
    approved = message.approved
    problem = unapproved(approved, approved.category if approved else TemplateCategory.UNKNOWN)
    if problem:
        raise RefusedError("channel", problem)
