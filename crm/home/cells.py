"""The values of each row of the list."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from crm.customers.rules import Tier
from crm.home.queries import CustomerList
from crm.people.initials import initials
from crm.web import filters


def cells(listed: CustomerList) -> Iterator[dict[str, object]]:
    labels = {tier.value: str(tier.label) for tier in Tier}
    for row in listed.page.rows:
        message = listed.messages.get(row.id)
        yield {
            "id": row.id,
            "name": row.name,
            "initials": initials(row.name),
            "city": row.city,
            "tier_name": row.tier,
            "tier_label": labels[row.tier],
            "phone": filters.tel_link(row.phone) if row.phone_valid else Markup("<bdi>{}</bdi>").format(row.phone),
            "next": filters.when(row.next_message_at) if message else "",
            "channel": message.channel.label if message else "",
            "message": message.id if message else "",
            "points": filters.number(row.loyalty_points),
            "last_order": filters.day_of(row.last_order_at),
            "is_active": bool(row.is_active),
            "is_archived": row.archived_at is not None,
            "is_due": message is not None and message.is_due,
            "has_points": bool(row.loyalty_points),
            "has_order": row.last_order_at is not None,
            "has_tier": row.tier != Tier.BRONZE,
        }
