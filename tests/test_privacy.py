"""What an error leaves in Sentry and in the log: where it happened, nothing that a person wrote."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
import sqlalchemy as sa
from flask import Flask
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sqlalchemy.exc import IntegrityError
from structlog.stdlib import ProcessorFormatter

from crm.customers.models import Customer
from crm.kernel import logs
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads import lists
from tests.factories import Cast, make_customer

SECRETS = ("Secretname", "0812999", "siti.secret", "hunter2", "abcdef0123456789abcdef", "Jalan")
"""What the request and the rows of these tests have in them."""


class Kept(Transport):
    """A transport that keeps what would be sent."""

    events: list[dict[str, Any]]

    def capture_envelope(self, envelope: Envelope) -> None:
        self.events += [item.payload.json for item in envelope.items if item.payload.json]


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """Report errors as the product does, into a list."""
    Kept.events = []
    sentry_sdk.init(**logs.sentry_options("http://key@127.0.0.1:9/1"), transport=Kept)
    yield Kept.events
    sentry_sdk.init()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Collect the lines of the log, as they are written."""
    written: list[str] = []

    class Writing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    root = logging.getLogger()
    handler = Writing()
    handler.setFormatter(next(one.formatter for one in root.handlers if isinstance(one.formatter, ProcessorFormatter)))
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


def _ask(cast: Cast, method: str = "GET") -> None:
    client = cast.owner.client()
    client.set_cookie("note", "hunter2")
    response = client.open(
        "/leads?q=Siti+Secretname+0812999&status=new",
        method=method,
        data={"name": "Siti Secretname", "phone": "0812999"} if method == "POST" else None,
        headers={
            "Referer": "http://localhost/?q=Secretname",
            "HX-Request": "true",
            "HX-Current-URL": "http://localhost/?q=siti.secret%40example.com",
            "Authorization": "Bearer hunter2",
            "X-Forwarded-For": "203.0.113.9",
            "X-Anything": "Secretname",
        },
    )
    assert response.status_code == 500


def _raise_in(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*args: object, **values: object) -> None:
        name = "Siti Secretname 0812999"  # noqa: F841 -- a value that a report might show
        logging.getLogger("httpx").info("POST https://api/?To=0812999")
        sentry_sdk.add_breadcrumb(message="texting 0812999 Secretname", data={"to": "0812999"})
        logging.getLogger("crm").error("told %s by %s", "Secretname", "0812999", extra={"who": "Secretname"})
        raise error

    monkeypatch.setattr(lists, "page_of_leads", fail)


def test_an_error_report_has_nothing_that_a_person_wrote(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, sent: list[dict[str, Any]]
) -> None:
    _raise_in(monkeypatch, LookupError("no Secretname at Jalan 5, siti.secret@example.com"))
    _ask(cast)
    assert len(sent) == 2, "the line that was logged, and the error"
    report = json.dumps(sent)
    assert [secret for secret in (*SECRETS, "203.0.113.9", "Bearer") if secret in report] == []
    assert sent[0]["logentry"]["message"] == "told %s by %s"
    (exception,) = sent[1]["exception"]["values"]
    assert exception["type"] == "LookupError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "fail"
    assert sent[1]["request"]["url"] == "http://localhost/leads"
    assert set(sent[1]["request"]["headers"]) <= {"User-Agent", "Hx-Request", "Content-Type", "Content-Length"}


def test_the_way_to_a_secret_address_is_not_reported(app: Flask, sent: list[dict[str, Any]]) -> None:
    with app.test_client() as client, app.test_request_context():
        sentry_sdk.capture_event({"request": {"url": "http://localhost/r/abcdef0123456789abcdef?x=hunter2"}})
        assert client is not None
    assert sent[0]["request"]["url"] == "http://localhost/r/…"


def test_neither_report_nor_log_has_the_values_of_a_row(
    app: Flask, cast: Cast, sent: list[dict[str, Any]], lines: list[str]
) -> None:
    with cast.owner.acting():
        make_customer(name="Siti Secretname", email="siti.secret@example.com", address="Jalan 5")
        with pytest.raises(IntegrityError) as caught, transaction() as session:
            session.execute(
                sa.insert(Customer.__table__).values(
                    name="Siti Secretname",
                    name_key="x",
                    email="siti.secret@example.com",
                    address="Jalan 5",
                    organization_id=cast.owner.organization_id,
                ),
                execution_options={"all_organizations": True},
            )
        db.session.rollback()
        logging.getLogger("crm").error("unexpected error", exc_info=caught.value)
    logged = "\n".join(lines)
    assert "IntegrityError" in logged
    assert "INSERT INTO customers" in logged
    assert [secret for secret in SECRETS if secret in logged or secret in json.dumps(sent)] == []
