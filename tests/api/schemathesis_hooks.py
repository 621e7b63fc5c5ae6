"""What no schema can say, so that data of the right shape is taken: rules about what is there already, and about now.

What is wrong on purpose stays wrong.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import re
from typing import Any

import schemathesis

KNOWN: dict[str, int] = json.loads(os.environ["KNOWN_IDS"])
"""A customer with a phone number, another one, two rewards, a segment, a branch, a user, and the organization."""

NEW = itertools.count(1)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: Any, kwargs: dict[str, Any]) -> None:
    """Replace what only those can know who know the shop, where everything is of the right shape."""
    customer_id = case.path_parameters.get("customer_id")
    if case.operation.label == "POST /api/customers/{customer_id}/messages/":
        case.path_parameters["customer_id"] = KNOWN["customer"]
    elif case.method in ("PUT", "PATCH", "DELETE") and str(customer_id) == str(KNOWN["customer"]):
        case.path_parameters["customer_id"] = KNOWN["other customer"]
    if case.method != "GET" and str(case.path_parameters.get("reward_id")) == str(KNOWN["reward"]):
        case.path_parameters["reward_id"] = KNOWN["other reward"]
    if case.meta is not None and case.meta.generation.mode.is_positive:
        if "page" in (case.query or {}):
            case.query["page"] = min(int(case.query["page"]), 100)
        if isinstance(case.body, dict):
            _fit(case.body)
            if "/rewards/" in case.operation.label:
                _fit_reward(case.body)
            if "/campaigns/" in case.operation.label:
                # A text or a template, to somebody; and an e-mail has a subject.
                together = {"segment": KNOWN["segment"], "template": None, "channel": "sms", "body": "Hi"}
                case.body |= {name: value for name, value in together.items() if name in case.body}
                if case.method == "POST":
                    case.body["body"] = "Hi"
            if "/segments/" in case.operation.label and case.body.get("name"):
                case.body["name"] = f"Segment S{next(NEW)}"
            if "query" in case.body:
                case.body["query"] = {"city": "Jakarta"}
            if "/badges/" in case.operation.label:
                # What goes with what: days with a rolling period, points with a reward of points.
                together = {"metric": "visits", "target": 3, "period": "month", "reward": "none"}
                case.body |= {name: value for name, value in together.items() if name in case.body}


def _fit(body: dict[str, Any]) -> None:
    """Use new e-mail addresses and numbers, a branch and a user who are there, a past day, a coming moment, cents."""
    if isinstance(body.get("amount"), float):
        # The organization's currency has two decimals; other currencies have three.
        body["amount"] = max(round(body["amount"], 2), 0.01)
    if isinstance(body.get("amount"), str) and re.fullmatch(r"[0-9]+\.[0-9]{3}", body["amount"]):
        body["amount"] = body["amount"][:-1] if body["amount"][:-1].strip("0.") else "0.01"
    if body.get("email"):
        body["email"] = f"new{next(NEW)}@example.com"
    if body.get("number"):
        body["number"] = f"N-{next(NEW)}"
    for at, person in enumerate(body.get("persons") or ()):
        # One person is the lead.
        person["is_lead"] = at == 0
    if "phone" in body:
        body["phone"] = "0812 3456 7890"
    if body.get("branch"):
        body["branch"] = KNOWN["branch"]
    if body.get("assigned_to"):
        body["assigned_to"] = KNOWN["user"]
    if "organization" in body:
        body["organization"] = KNOWN["organization"]
    if "last_activity" in body:
        body["last_activity"] = "2026-01-02T03:04:05Z"
    if "referred_by" in body:
        body["referred_by"] = ""
    if body.get("birthday"):
        body["birthday"] = "1990-02-14"
    if "date" in body:
        body["date"] = "2026-01-02"
    if body.get("date_until") is not None:
        body["date_until"] = "2026-01-03"
    if body.get("booking"):
        body["booking"] = None
    for name in ("starts_on", "ends_on"):
        if body.get(name) is not None:
            body[name] = "2026-12-24"
    if "promised_date" in body:
        body["promised_date"] = "2026-12-24"
    for name in ("due_at", "next_due_at"):
        if body.get(name) is not None:
            body[name] = "2026-12-24T02:00:00Z"
    if "send_at" in body:
        body["send_at"] = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    if body.get("reward"):
        body["reward"] = KNOWN["reward"]
        body.pop("points", None)
    if body.get("invoice"):
        body["invoice"] = None
    if body.get("channel") == "email":
        body["subject"] = body.get("subject") or "Your cake"
    if body.get("channel") == "sms" and isinstance(body.get("body"), str):
        body["body"] = body["body"][:1_600]
    if body.get("purpose"):
        # Marketing takes consent.
        body["purpose"] = "service"


def _fit_reward(body: dict[str, Any]) -> None:
    """Use a value that its kind can have, whatever kind it was before, amounts in cents, and a branch who is there."""
    body["kind"] = body.get("kind", "other")
    body["value"] = {"amount_off": "5000.00", "percent_off": 10}.get(body["kind"], "Any cup")
    for name in ("maximum", "minimum_spend"):
        if body.get(name) is not None:
            body[name] = "900.00"
    if body.get("branches"):
        body["branches"] = [KNOWN["branch"]]
