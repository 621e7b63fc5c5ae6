"""Webhook calls: one effect for each id, and a verdict for each row."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.locks import lock_intake
from crm.intake import rules
from crm.intake.models import WebhookCall
from crm.intake.queries import SECRET
from crm.intake.scan import take_in_each
from crm.intake.upsert import Taken
from crm.kernel import vault
from crm.kernel.columns import db_ago
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.idempotency import RequestKey
from crm.people.person import Intake

KEPT_FOR = dt.timedelta(days=7)
CLEARED_AT_ONCE = 100

FAILED = "This could not be saved. The other rows were. Check it, then send it again."


def is_genuine(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the call is signed with the organization's secret, just now."""
    return rules.is_genuine(vault.reveal(SECRET), body, headers)


def receive(call: RequestKey, rows: Sequence[Intake | str]) -> str:
    """Take in the people of a call and return the JSON answer; a repeated call gets the same answer.

    A row that is a sentence is refused with it. Raises ConflictError for the same id with other content.
    """
    with transaction():
        lock_intake()  # who brings the same call at the same time waits here
        _clear()
        earlier = db.session.scalar(sa.select(WebhookCall).where(WebhookCall.key == call.key))
        if earlier is None:
            answer = json.dumps(_take_in(call.key, rows))
            db.session.add(WebhookCall(key=call.key, fingerprint=call.fingerprint, body=answer))
            return answer
        if earlier.fingerprint != call.fingerprint:
            raise ConflictError("This webhook-id came before with other content. Use a new id for a new call.")
        return earlier.body


def _take_in(key: str, rows: Sequence[Intake | str]) -> dict[str, Any]:
    people = {number: row for number, row in enumerate(rows) if isinstance(row, Intake)}
    names = [f"row {number} of webhook call {key}" for number in people]
    taken = dict(zip(people, take_in_each(list(people.values()), names), strict=True))
    results = [
        _verdict(number, taken[number] or FAILED if number in people else str(row)) for number, row in enumerate(rows)
    ]
    counted = Counter(result["status"] for result in results)
    return {"results": results, **{status: counted[status] for status in STATUSES}}


STATUSES = ("created", "updated", "unchanged", "refused")


def _verdict(number: int, became: Taken | str) -> dict[str, Any]:
    if isinstance(became, str):
        return {"row": number, "status": "refused", "customer": None, "duplicates": [], "error": became}
    status = "created" if became.created else "updated" if became.updated else "unchanged"
    duplicates = list(became.duplicates)
    return {"row": number, "status": status, "customer": became.customer_id, "duplicates": duplicates, "error": None}


def _clear() -> None:
    """Delete a few expired calls."""
    old = sa.select(WebhookCall.id).where(WebhookCall.created_at < db_ago(KEPT_FOR)).limit(CLEARED_AT_ONCE)
    db.session.execute(
        sa.delete(WebhookCall).where(WebhookCall.id.in_(old)), execution_options={"synchronize_session": False}
    )
