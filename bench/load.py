"""Load the benchmark's rows into the product: `python bench/load.py SIZE`, with the product's own environment.

Prints what the measurements need as JSON: a cursor half-way down the list.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), os.environ.get("BENCH_SEED", "")]

import sqlalchemy as sa  # noqa: E402

from crm import create_app  # noqa: E402
from crm.accounts import services  # noqa: E402
from crm.accounts.branches import add as add_branch  # noqa: E402
from crm.customers.models import Customer  # noqa: E402
from crm.customers.order import ORDERS  # noqa: E402
from crm.demo import loader  # noqa: E402
from crm.demo.rows import CustomerRow, MessageRow  # noqa: E402
from crm.kernel.extensions import db  # noqa: E402
from crm.kernel.roles import Role  # noqa: E402
from crm.kernel.tenancy import use_organization  # noqa: E402
from crm.values import phone  # noqa: E402

USER, PASSWORD = "bench", "bench the product 1"
POINTS = (*[0] * 13, *[150] * 4, *[600] * 2, 1200)
"""The points of twenty customers: most are in the lowest tier, few in the highest."""

SETTINGS = {"name": "Bench", "time_zone": "Europe/Moscow", "currency": "RUB", "phone_region": "RU", "locale": "en_GB"}


def main(size: int) -> None:
    """Load and print."""
    rows = importlib.import_module("bench_rows")
    with create_app().app_context():
        organization = services.create_organization("bench", **SETTINGS).id
        services.create_user(USER, PASSWORD, organization, Role.OWNER)
        with use_organization(organization):
            branches = [add_branch(f"Branch {number}") for number in range(1, 6)]
            loader.load("generated", _customers(rows, size, branches))
            loader.refresh_statistics()
            sys.stdout.write(json.dumps({"deep": _cursor(size)}))


# Of the shared module's numbers only some that begin with +793 are not valid.
def _customers(rows: Any, size: int, branches: list[int]) -> Iterator[CustomerRow]:
    messages = rows.messages(size)
    message = next(messages)
    for id_, name, email, number, address in rows.customers(size):
        own = []
        while message and message[1] == id_:
            own.append(_message(*message[2:6]))
            message = next(messages, None)
        valid = not number.startswith("+793") or phone.parse(number, "RU").valid
        city = address.rpartition(", ")[2]
        points = POINTS[id_ % len(POINTS)]
        yield CustomerRow(
            name,
            number,
            valid,
            email,
            address,
            city,
            branch_id=branches[id_ % len(branches)],
            is_active=id_ % 13 != 0,
            points=points,
            messages=own,
        )


def _message(body: str, when: dt.datetime, kind: str, is_sent: bool) -> MessageRow:
    channel = "whatsapp" if kind == "whatsapp" else "sms"
    if is_sent:
        return MessageRow(channel, body, when, "delivered", handed_over_at=when)
    return MessageRow(channel, body, when, "reminder" if when < dt.datetime.now(dt.UTC) else "scheduled")


def _cursor(size: int) -> str:
    columns = sa.select(Customer.id, Customer.next_message_at).where(Customer.next_message_at.is_not(None))
    row = db.session.execute(columns.order_by(Customer.next_message_at, Customer.id.desc()).offset(size // 4)).first()
    return ORDERS[""].encode(ORDERS[""].position(row))


if __name__ == "__main__":
    main(int(sys.argv[1]))
