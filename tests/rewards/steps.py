"""What people do with rewards and vouchers, for the tests of this folder."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.rewards.models import Reward, Voucher
from crm.values import clock
from tests.factories import Person, make_customer, make_points_entry

HTMX = {"HX-Request": "true"}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
THREADS = 50


def customer_with_points(person: Person, **values: Any) -> int:
    """Make a customer with 620 points, gold, and return their id."""
    with person.acting():
        id_ = make_customer(**values)
        make_points_entry(id_)
        return id_


def voucher(person: Person, voucher_id: int) -> Voucher:
    with person.acting():
        found = db.session.get_one(Voucher, voucher_id)
        db.session.expunge(found)
        return found


def reward(person: Person, reward_id: int) -> Reward:
    with person.acting():
        found = db.session.get_one(Reward, reward_id)
        db.session.expunge(found)
        return found


def points(person: Person, customer_id: int) -> int:
    with person.acting():
        return db.session.get_one(Customer, customer_id).loyalty_points


def change(person: Person, row: type[Any], id_: int, **values: Any) -> None:
    with person.acting(), transaction() as session:
        found = session.get_one(row, id_)
        for name, value in values.items():
            setattr(found, name, value)


def at(monkeypatch: pytest.MonkeyPatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(clock, "utcnow", lambda: moment)


def api(person: Person, path: str, json: Any = None, **options: Any) -> Any:
    headers = {**person.token(), **options.pop("headers", {})}
    method = options.pop("method", "GET" if json is None else "POST")
    return person.app.test_client().open(f"/api{path}", method=method, json=json, headers=headers, **options)


def at_once(act: Callable[[int], TestResponse], number: int = THREADS) -> list[Any]:
    """Do something from many threads at the same time."""
    with concurrent.futures.ThreadPoolExecutor(number) as pool:
        return list(pool.map(act, range(number)))


def statuses(answers: list[Any]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))
