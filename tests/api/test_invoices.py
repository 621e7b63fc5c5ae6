"""Invoices, receipts, messages and branches by the JSON API."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest

from crm.invoices import services
from crm.kernel.db import transaction
from crm.kernel.errors import NO_ROOM
from crm.kernel.extensions import db
from crm.kernel.storage import Storage, StorageError, StorageFullError
from crm.messages.models import Message
from crm.values import clock
from tests.api.conftest import Client
from tests.factories import PDF, Cast, Person, make_branch, make_customer, make_invoice, make_message

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def refused(response: Any, field: str | None = None, status: int = 400) -> str:
    """Return the sentence of a refusal."""
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    if field:
        assert response.json["errors"][field][0] == response.json["error"]
    return str(response.json["error"])


def in_days(days: float) -> str:
    return (clock.utcnow() + dt.timedelta(days=days)).isoformat()


def test_an_invoice_is_an_order_until_it_is_void(
    api: Client, cast: Cast, client_of: Callable[[Person], Client]
) -> None:
    url = f"customers/{api.make()['id']}/"
    made = api.post(f"{url}invoices/", json={"amount": "150000.00", "date": "2026-01-02", "note": "Cake"})
    assert made.status_code == 201
    invoice: Any = made.json
    assert set(invoice) == {
        *("id", "organization", "customer", "amount", "currency", "date", "note", "status", "receipts"),
        *("created_at", "updated_at", "booking"),
    }
    assert (invoice["amount"], invoice["currency"], invoice["date"], invoice["status"]) == (
        *("150000.00", "IDR", "2026-01-02", "open"),
    )
    assert api.post(f"{url}invoices/", json={"amount": 50_000}).json["amount"] == "50000.00"  # type: ignore[index]
    customer = api.get(url)
    assert (customer["total_orders"], customer["total_spent"], customer["average_order_value"]) == (
        *(2, "200000.00", 100_000.0),
    )
    assert customer["last_order_date"] is not None
    assert [row["amount"] for row in api.get(f"{url}invoices/")["results"]] == ["50000.00", "150000.00"]

    assert api.post(f"invoices/{invoice['id']}/void/").status_code == 403
    manager = client_of(cast.manager)
    for _ in range(2):
        assert manager.post(f"invoices/{invoice['id']}/void/").json["status"] == "void"  # type: ignore[index]
    assert api.get(url)["total_spent"] == "50000.00"
    assert api.get(f"invoices/{invoice['id']}/")["status"] == "void"


def test_an_amount_may_be_a_number_with_decimals(api: Client) -> None:
    url = f"customers/{api.make()['id']}/invoices/"
    for amount, expected in (
        (21.0, "21.00"),
        (21.5, "21.50"),
        (0.57, "0.57"),
        (1.1, "1.10"),
        (4.35, "4.35"),
        (1.005e3, "1005.00"),
        (1e9, "1000000000.00"),
        (9999999999.99, "9999999999.99"),
    ):
        answer = api.post(url, json={"amount": amount})
        assert (answer.status_code, answer.get_json().get("amount")) == (201, expected), amount
    for amount, expected in ((0, "0.00"), (0.0, "0.00"), (-0.0, "0.00"), ("00.0", "0.00"), (21.5, "21.50")):
        booking = {"date": "2026-01-02", "amount": amount, "persons": [{"name": "Siti", "is_lead": True}]}
        answer = api.post("bookings/", json=booking)
        assert (answer.status_code, answer.get_json().get("amount")) == (201, expected), amount
    for wrong in (False, 0.005, -1.5, [], ""):
        assert refused(api.post("bookings/", json={**booking, "amount": wrong}), "amount"), wrong


def test_amounts_and_dates_that_can_not_be(api: Client) -> None:
    url = f"customers/{api.make()['id']}/invoices/"
    for amount in (
        "0",
        "0.00",
        "-1",
        "-0",
        "1e309",
        "NaN",
        "1,5",
        "1.234,50",
        "1.234",
        "",
        " 1",
        None,
        1.234,
        21.999,
        0.1 + 0.2,
        0.001,
        1e-7,
        1e10,
        1e300,
        0.0,
        -0.0,
        -21.5,
        True,
        [],
        10**30,
    ):
        assert refused(api.post(url, json={"amount": amount}), "amount"), amount
    for date in ("2026-02-30", "20260102", "1999-12-31", "9999-12-31", "tomorrow", "", None, 20260102):
        assert refused(api.post(url, json={"amount": "1", "date": date}), "date"), date
    assert refused(api.post(url, json={"date": "2026-01-02"}), "amount")
    assert api.get(url)["count"] == 0


def test_receipts_are_added_to_an_invoice(api: Client, cast: Cast) -> None:
    with cast.owner.acting():
        invoice = make_invoice()
    url = f"invoices/{invoice}/receipts/"
    key = {"Idempotency-Key": "receipt-1"}
    for _ in range(2):
        made = api.post(url, data={"receipt": [(io.BytesIO(PDF), "a.pdf"), (io.BytesIO(PDF), "b.pdf")]}, headers=key)
        assert made.status_code == 201
        receipts = made.json["receipts"]  # type: ignore[index]
        assert [row["filename"] for row in receipts] == ["a.pdf", "b.pdf"]
        assert set(receipts[0]) == {"id", "state", "reason", "notice", "filename", "pages"}
    assert len(api.get(f"invoices/{invoice}/")["receipts"]) == 2
    other = api.post(url, data={"receipt": (io.BytesIO(PDF), "c.pdf")}, headers=key)
    assert other.status_code == 422
    assert "not a PDF" in refused(api.post(url, data={"receipt": (io.BytesIO(b"MZ"), "a.pdf")}), "receipt")
    assert refused(api.post(url, data={"other": "x"}, content_type="multipart/form-data"), "receipt")
    assert refused(api.post(url, json={"receipt": "x"}), status=415)
    eleven = [(io.BytesIO(PDF), "a.pdf") for _ in range(11)]
    assert refused(api.post(url, data={"receipt": eleven}), "receipt")
    large = io.BytesIO(b"%PDF-" + b"0" * (10 * 2**20) + b"%%EOF")
    assert "10 MB" in refused(api.post(url, data={"receipt": (large, "large.pdf")}), "receipt")
    assert len(api.get(f"invoices/{invoice}/")["receipts"]) == 2


def test_a_storage_that_takes_nothing_and_a_user_who_adds_too_much_are_asked_to_come_back_later(
    api: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cast.owner.acting():
        url = f"invoices/{make_invoice()}/receipts/"

    def send() -> Any:
        return api.post(url, data={"receipt": (io.BytesIO(PDF), "a.pdf")})

    for error, sentence in ((StorageFullError, NO_ROOM), (StorageError, "The file couldn't be stored")):
        with monkeypatch.context() as patch:
            patch.setattr(Storage, "put", lambda *given, error=error: (_ for _ in ()).throw(error("it is full")))
            answer = send()
        assert sentence in refused(answer, status=503)
        assert answer.headers["Retry-After"] == "60"
    with monkeypatch.context() as patch:
        patch.setattr(services, "MAX_FILES_A_DAY", 0)
        answer = send()
    assert "files a day" in refused(answer, status=429)
    assert answer.headers["Retry-After"] == "3600"
    assert send().status_code == 201


def test_a_message_is_scheduled_changed_and_canceled(api: Client) -> None:
    customer = api.make(phone="0812 3456 7890")
    url, tomorrow = f"customers/{customer['id']}/messages/", in_days(1)
    made = api.post(url, json={"channel": "sms", "body": "Your cake is ready", "send_at": tomorrow})
    assert made.status_code == 201
    message: Any = made.json
    assert set(message) == {
        *("id", "organization", "customer", "channel", "subject", "body", "send_at", "status", "reason", "attempts"),
        *("purpose", "created_at", "updated_at"),
    }
    assert (message["status"], message["attempts"]) == ("scheduled", 0)
    assert message["send_at"] == tomorrow.replace("+00:00", "Z")
    assert api.get(f"customers/{customer['id']}/")["next_message_at"] == message["send_at"]
    assert api.get(url)["results"] == [message]
    one = f"messages/{message['id']}/"
    changed = api.call("PATCH", one, json={"body": "It is waiting", "channel": "whatsapp"})
    assert (changed.status_code, changed.json["body"], changed.json["send_at"]) == (  # type: ignore[index]
        *(200, "It is waiting", message["send_at"]),
    )
    moved = api.call("PATCH", one, json={"send_at": "2027-01-02T09:00:00+07:00"})
    assert moved.json["send_at"] == "2027-01-02T02:00:00Z"  # type: ignore[index]
    assert api.call("DELETE", one).status_code == 204
    assert api.get(one)["status"] == "canceled"
    assert api.call("DELETE", one).status_code == 204
    assert refused(api.call("PATCH", one, json={"body": "Too late"}), status=409)


def test_a_message_that_can_not_be_sent_is_refused(cast: Cast, api: Client) -> None:
    customer = api.make(phone="0812 3456 7890")
    url, good = f"customers/{customer['id']}/messages/", {"channel": "sms", "body": "Hi", "send_at": in_days(1)}
    for field, values in {
        "channel": ("fax", None, 1, "SMS"),
        "body": ("", " \u200b", None, 5, "x" * 4_097, "x" * 1_601),
        "send_at": (
            "tomorrow",
            "2027-01-02T09:00:00",
            "2027-01-02",
            None,
            5,
            in_days(-1),
            in_days(800),
            "2027-13-01T00:00:00Z",
        ),
    }.items():
        for value in values:
            assert refused(api.post(url, json={**good, field: value}), field), value
    nobody = api.make()
    assert "no phone number" in refused(api.post(f"customers/{nobody['id']}/messages/", json=good))
    with cast.owner.acting():
        going = make_message(status="submitting")
        assert db.session.get_one(Message, going).body
    assert refused(api.call("PATCH", f"messages/{going}/", json={"body": "Other"}), status=409)
    assert refused(api.call("DELETE", f"messages/{going}/"), status=409)


def test_what_hangs_on_an_archived_customer_is_gone_with_them(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        customer = make_customer(phone="0812 3456 7890")
        invoice, message = make_invoice(customer), make_message(customer_id=customer)
    assert api.call("DELETE", f"customers/{customer}/").status_code == 204
    for path in ("", "points/", "invoices/", "messages/"):
        assert api.call("GET", f"customers/{customer}/{path}").status_code == 404
    for path in (f"invoices/{invoice}/", f"messages/{message}/"):
        assert api.call("GET", path).status_code == 404
    assert api.post(f"customers/{customer}/restore/").status_code == 200
    assert api.get(f"invoices/{invoice}/")["id"] == invoice


def test_branches(cast: Cast, api: Client, client_of: Callable[[Person], Client]) -> None:
    manager = client_of(cast.manager)
    made = manager.post("branches/", json={"name": "Bandung"})
    assert (made.status_code, set(made.json or {})) == (201, {"id", "organization", "name", "created_at"})
    branch: Any = made.json
    assert refused(manager.post("branches/", json={"name": "bandung"}), status=409)
    assert refused(manager.post("branches/", json={"name": ""}), "name")
    assert manager.call("PUT", f"branches/{branch['id']}/", json={"name": "Bogor"}).json["name"] == "Bogor"  # type: ignore[index]
    assert manager.call("PATCH", f"branches/{branch['id']}/", json={"name": "Depok"}).status_code == 200
    assert [row["name"] for row in api.get("branches/")["results"]] == ["Depok"]
    for method, path in (("POST", "branches/"), ("PUT", f"branches/{branch['id']}/")):
        assert refused(api.call(method, path, json={"name": "X"}), status=403)


def test_short_lists_have_pages_too(cast: Cast, api: Client) -> None:
    with cast.owner.acting(), transaction():
        for _ in range(5):
            make_branch()
    seen, page = [], api.get("branches/?page_size=2")
    while True:
        seen += [row["id"] for row in page["results"]]
        assert page["count"] == 5
        if page["next"] is None:
            break
        page = api.get(page["next"].partition("/api/")[2])
    assert len(set(seen)) == len(seen) == 5
    assert "page=2" in page["previous"]
    assert api.get(f"branches/?page={2**63 - 1}")["results"] == []
