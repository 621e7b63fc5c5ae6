"""A form that is sent again after what it made is gone says so, instead of making it anew or failing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from crm.accounts.models import Membership, Organization
from crm.customers.models import Customer
from crm.customers.services import delete_customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey, ResultDeletedError
from crm.messages.suppression_models import Suppression
from crm.opt_outs.services import take_off
from tests.factories import Cast, make_branch

GONE = "was deleted since"
CUSTOMER = {"name": "Siti Rahma", "phone": "0812 3456 7890"}


def newest(model: Any) -> int:
    """Return the id of the row that was made last."""
    return db.session.scalars(sa.select(sa.func.max(model.id))).one()


FORMS: dict[str, tuple[str, dict[str, str], Callable[[], object]]] = {
    "customer": ("/customers/new", CUSTOMER, lambda: delete_customer(newest(Customer))),
    "opt-out": ("/settings/opt-outs", {"phone": "0812 3456 7890"}, lambda: take_off(newest(Suppression))),
}


@pytest.mark.parametrize(("url", "form", "remove"), FORMS.values(), ids=FORMS)
def test_what_is_gone_is_not_made_again(
    cast: Cast, url: str, form: dict[str, str], remove: Callable[[], object]
) -> None:
    client, sent = cast.manager.client(), {**form, "idempotency_key": "the same"}
    for _ in range(2):
        assert client.post(url, data=sent).status_code == 303, "while it is there, the answer is the same"
    with cast.owner.acting():
        remove()
    for headers in ({}, {"HX-Request": "true"}):
        again = client.post(url, data=sent, headers=headers)
        assert (again.status_code, GONE in again.text) == (409, True)


def test_what_was_moved_out_of_sight_is_not_made_again(cast: Cast) -> None:
    with cast.owner.acting():
        north, south = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = north
    client, sent = cast.staff.client(), {**CUSTOMER, "idempotency_key": "the same"}
    assert client.post("/customers/new", data=sent).status_code == 303
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, newest(Customer)).branch_id = south
    again = client.post("/customers/new", data=sent)
    assert (again.status_code, GONE in again.text) == (409, True)


def test_the_row_of_an_earlier_request_is_found_or_said_to_be_gone(cast: Cast) -> None:
    key = RequestKey("k", "f")
    with cast.owner.acting():
        with transaction() as session:
            session.add(Customer(name="x", name_key="x"))
            session.flush()
            Once(key).made(newest(Customer))
        with transaction():
            assert Once(key).found(Customer).name == "x"
        delete_customer(newest(Customer))
        with pytest.raises(ResultDeletedError, match=GONE), transaction():
            Once(key).found(Customer)
