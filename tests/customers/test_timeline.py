"""What happened to a customer, on their page: in words, with who and when, each kind of event."""

from __future__ import annotations

import ast
import datetime as dt
import io
import re
from collections.abc import Iterator
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.activity import FIELDS
from crm.customers.rules import CONSENTS, MARKETING
from crm.inbox.inbound import Incoming, receive
from crm.invoices.models import Receipt
from crm.kernel.db import transaction
from crm.kernel.events import Event, record
from crm.kernel.extensions import db
from crm.messages.channels.phones import PHONES
from crm.messages.channels.sms import SMS
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource
from crm.opt_outs.services import put_on, take_off
from crm.people.limits import LIMITS
from crm.values import clock
from tests.catalog import CATALOG
from tests.factories import (
    PDF,
    Cast,
    Person,
    make_branch,
    make_customer,
    make_message,
    make_points_entry,
    make_receipt,
)
from tests.servers import ROOT

HTMX = {"HX-Request": "true"}
OF_NO_CUSTOMER = {
    *("organization", "user", "branch", "template", "sender", "accounts", "reward", "automation"),
    *("segment", "campaign"),
}
"""What events of no customer's timeline are about; `accounts` is an endpoint's."""

NEVER_SHOWN = {"customer.deleted", "lead.forgotten", "note.deleted", "note.restored"}
"""Their customer is gone, or they are of no customer."""


def lines(person: Person, customer: int, path: str = "") -> list[str]:
    """Return the timeline as people read it: one line for each entry, the latest first."""
    text = person.client().get(path or f"/customers/{customer}/timeline", headers=HTMX).text
    entries = re.findall(r'<li class="happened".*?</li>', text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", entry)).split())[:-6] for entry in entries]


@pytest.fixture
def ani(cast: Cast) -> int:
    with cast.owner.acting():
        return make_customer(name="Ani", phone="0812 1111 2222", city="Bogor")


def _actions() -> Iterator[str]:
    """Yield what the source of the product gives to those that record events."""
    for path in (ROOT / "crm").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                given = [argument.value for argument in node.args[:3] if isinstance(argument, ast.Constant)]
                if name in {"record", "row_of"} or name.startswith(("_", "tell")):
                    yield from (value for value in given if re.fullmatch(r"[a-z]+\.[a-z_]+", str(value)))


def test_every_action_has_words(app: Flask) -> None:
    found = {action for action in _actions() if action.partition(".")[0] not in OF_NO_CUSTOMER}
    assert {"customer.created", "customer.archived", "points.rebuilt", "message.suppressed", "series.begun"} <= found
    states = {f"message.{status.value}" for status in Status}
    without = {action for action in found | states if action not in CATALOG.activity} - NEVER_SHOWN
    assert not without, f"say in an activity.py how to tell of {', '.join(sorted(without))}"


def test_every_field_of_the_form_has_a_name() -> None:
    consents = {*CONSENTS, *MARKETING}
    assert {*LIMITS, "birth_year", "branch_id", *consents} == set(FIELDS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sentence_that_begins_with_a_name_runs_as_the_page_does(cast: Cast, ani: int) -> None:
    page = cast.staff.client().get(f"/customers/{ani}/timeline", headers={"Accept-Language": "ur"}).text
    entry = re.search(r'<li class="happened".*?</li>', page, re.DOTALL)
    assert entry
    assert re.search(r"<div>\s*<p>", entry[0])


def test_it_tells_what_changed_who_and_when(cast: Cast, ani: int) -> None:
    with cast.owner.acting():
        branch = make_branch()
    client = cast.staff.client()
    fields = {"name": "Ani", "phone": "0813 1111 2222", "city": "Bogor", "sms_allowed": "y", "whatsapp_allowed": "y"}
    fields |= {"email_allowed": "y"}
    client.post(f"/customers/{ani}/edit", data=fields)
    client.post(f"/customers/{ani}/edit", data=fields | {"city": "", "branch": str(branch), "notes": "tea " * 50})
    client.post(f"/customers/{ani}/edit", data=fields | {"branch": str(branch), "whatsapp_allowed": ""})
    page = client.get(f"/customers/{ani}").text
    told = lines(cast.staff, ani)
    assert told[3] == "Added by owner"
    assert told[2] == "Phone from 0812-1111-2222 to 0813-1111-2222 by staff"
    assert told[1].startswith("Edited by staff City removed: Bogor Notes added: “tea tea tea")
    assert re.search(r"tea…” Branch added: Branch \d+ SMS switched off", told[1]) or "Branch added: Branch" in told[1]
    assert len(told[1]) < 250
    assert "WhatsApp switched off" in told[0]
    moment = clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta"))
    assert '<h3 class="timeline-day">Today</h3>' in page
    assert re.search(rf'<time datetime="[^"]+Z" title="[^"]+{moment:%Y}[^"]+Asia/Jakarta[^"]+">\d\d:\d\d</time>', page)


def test_markup_in_what_was_typed_stays_text(cast: Cast, ani: int) -> None:
    client = cast.staff.client()
    client.post(f"/customers/{ani}/edit", data={"name": "<b>Ani</b>", "notes": "<script>alert(1)</script>"})
    page = client.get(f"/customers/{ani}/timeline").text
    assert "<script>alert" not in page
    assert "<b>Ani" not in page
    assert "Name from Ani to &lt;b&gt;Ani&lt;/b&gt;" in page


def test_archive_restore_and_bulk_are_told(cast: Cast, ani: int) -> None:
    client = cast.staff.client()
    client.post(f"/customers/{ani}/archive")
    client.post(f"/customers/{ani}/restore")
    for action in ("deactivate", "activate"):
        client.post("/customers/bulk", data={"action": action, "ids": [str(ani)]})
    assert lines(cast.staff, ani)[:4] == [
        "Activated by staff",
        "Deactivated by staff",
        "Restored by staff",
        "Archived by staff",
    ]


def test_messages_are_told(cast: Cast, ani: int) -> None:
    client = cast.staff.client()
    message = {"channel": "sms", "body": "Your cake is ready", "in_days": "2"}
    client.post(f"/customers/{ani}/messages/new", data=message)
    with cast.owner.acting():
        id_ = db.session.scalars(sa.select(Message.id)).one()
    client.post(f"/messages/{id_}/edit", data=message | {"body": "Your two cakes are ready", "in_days": "3"})
    client.post(f"/messages/{id_}/done")
    client.post(f"/messages/{id_}/done/delete")
    client.post(f"/messages/{id_}/cancel")
    told = lines(cast.staff, ani)
    assert told[0] == "Message canceled by staff"
    assert told[1] == "Message no longer done by staff"
    assert told[2] == "Message marked as done by staff"
    assert re.fullmatch(r"Message changed by staff From .+ to .+ Now “Your two cakes are ready”", told[3])
    assert re.fullmatch(r"SMS scheduled for \w+ \d+ \w+ \d\d:\d\d by staff “Your cake is ready”", told[4])
    assert f'href="/customers/{ani}#message-{id_}"' in client.get(f"/customers/{ani}").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_state_of_a_message_is_told_with_its_reason(cast: Cast, ani: int) -> None:
    with cast.owner.acting():
        message = db.session.get_one(Message, make_message(customer_id=ani))
        with transaction():
            for status in Status:
                if status is not Status.SCHEDULED:
                    changes = {"status": ["scheduled", status.value], "reason": ["", "The number is not in use."]}
                    record(f"message.{status.value}", message, customer_id=ani, changes=changes)
    told = lines(cast.staff, ani)
    assert len(told) == len(Status)
    assert all(line.startswith("Message ") and "The number is not in use." in line for line in told[:-1])
    assert "Message delivered" in " ".join(told)


def test_what_comes_again_is_told(cast: Cast, ani: int) -> None:
    client = cast.staff.client()
    message = {"channel": "sms", "body": "See you", "in_days": "1", "repeat": "daily"}
    client.post(f"/customers/{ani}/messages/new", data=message)
    stop = re.search(r'action="(/[^"]*series/\d+/[^"]*)"', client.get(f"/customers/{ani}").text)
    assert stop
    client.post(stop[1])
    told = lines(cast.staff, ani)
    assert any(line.startswith("Repeating message added by staff Every day") for line in told)
    assert any(line.startswith("Repeating stopped by staff Every day") for line in told)


def test_invoices_and_receipts_are_told(cast: Cast, ani: int) -> None:
    client = cast.staff.client()
    fields = {"amount": "150000", "date": "2026-11-02", "note": "Two cakes", "receipt": (io.BytesIO(PDF), "cakes.pdf")}
    assert client.post(f"/customers/{ani}/invoices/new", data=fields).status_code == 303
    told = lines(cast.staff, ani)
    assert told[0] == "Receipt cakes.pdf added by staff"
    assert re.fullmatch(r"Invoice of Rp\s?150\.000 added, dated 2 Nov( 2026)? by staff “Two cakes”", told[1])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_became_of_a_receipt_is_told(cast: Cast, ani: int) -> None:
    with cast.owner.acting():
        receipt = db.session.get_one(Receipt, make_receipt(customer_id=ani))
        with transaction():
            for action in ("receipt.ready", "receipt.failed", "receipt.retried"):
                record(action, receipt, customer_id=ani, changes={"reason": [None, "It has no pages."]})
    told = lines(cast.staff, ani)
    assert told[:3] == [
        "Receipt is being converted again by owner It has no pages.",
        "Receipt could not be converted by owner It has no pages.",
        "Receipt is ready as a PDF by owner It has no pages.",
    ]


def test_points_are_told(cast: Cast, ani: int) -> None:
    client = cast.staff.client()
    client.post(f"/customers/{ani}/points/new", data={"points": "150", "reason": "Birthday"})
    client.post(f"/customers/{ani}/points/new", data={"points": "-200"})
    with cast.owner.acting():
        make_points_entry(ani)
    told = lines(cast.staff, ani)
    assert told[2] == "+150 points “Birthday” by staff Balance 150, now Silver"
    assert (
        told[1]
        == "\N{MINUS SIGN}150 points by staff Asked for \N{MINUS SIGN}200; the balance was lower Balance 0, now Bronze"
    )


def test_opt_outs_and_texts_from_the_customer_are_told(cast: Cast, ani: int) -> None:
    with cast.owner.acting():
        take_off(put_on("+6281211112222", PHONES, OptOutSource.STAFF).id)
    sent = {"sender": "+6281211112222", "recipient": "+15005550006", "channel": SMS}
    bodies = ("When do you open?", "STOP")
    with cast.owner.app.app_context():
        texts = [Incoming("twilio", f"SM{body}", body=body, **sent) for body in bodies]  # type: ignore[arg-type]
        receive(cast.owner.organization_id, texts)
    told = lines(cast.staff, ani)
    assert sorted(told[:4]) == [
        "Consent changed by the system Marketing by SMS: Withdrawn Marketing by WhatsApp: Withdrawn",
        "Opted out of messages by the system By a keyword",
        "The customer wrote “STOP”",
        "The customer wrote “When do you open?”",
    ]
    assert told[4].startswith("Messages allowed again")
    assert told[5] == "Opted out of messages by owner Added to the list by staff"


def test_the_product_itself_is_named(cast: Cast, ani: int) -> None:
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.update(Event).values(actor_id=None))
    assert lines(cast.staff, ani) == ["Added by the system"]


def test_an_action_of_another_version_is_told_all_the_same(cast: Cast, ani: int) -> None:
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.update(Event).values(action="customer.greeted_warmly"))
    assert lines(cast.staff, ani) == ["Customer greeted warmly by owner"]


def test_older_entries_come_by_pages_each_once(cast: Cast, ani: int) -> None:
    with cast.owner.acting():
        for _ in range(45):
            make_points_entry(ani)
        with transaction() as session:
            # What was brought in later may have happened earlier.
            old = clock.utcnow() - dt.timedelta(days=3)
            session.execute(sa.update(Event).where(Event.id.between(30, 39)).values(at=old))
    client, seen, address = cast.viewer.client(), [], f"/customers/{ani}/timeline"
    sizes = []
    while address:
        page = client.get(address).text
        found = re.findall(r'id="event-(\d+)"', page)
        sizes.append(len(found))
        seen += [int(id_) for id_ in found]
        more = re.search(r'<a href="(/customers/\d+/timeline\?before=\d+)"[^>]*>Show older</a>', page)
        address = more[1] if more else ""
    assert sizes == [20, 20, 6]
    assert len(set(seen)) == 46
    assert seen[-10:] == list(range(39, 29, -1))
    assert seen[:-10] == sorted(seen[:-10], reverse=True)


def test_htmx_appends_without_saying_the_day_again(cast: Cast, ani: int) -> None:
    with cast.owner.acting():
        for _ in range(25):
            make_points_entry(ani)
    client = cast.viewer.client()
    more = re.search(r'hx-get="([^"]+)" hx-target="closest .panel-foot"', client.get(f"/customers/{ani}").text)
    assert more
    fragment = client.get(unescape(more[1]), headers=HTMX).text
    assert "<h1" not in fragment
    assert "Today" not in fragment
    assert len(re.findall("event-", fragment)) == 20
    assert "Today" in client.get(unescape(more[1])).text


@pytest.mark.parametrize("before", ["0", "-1", "abc", "9" * 30, "1e3", "%00", ""])
def test_a_cursor_that_names_nothing_is_no_error(cast: Cast, ani: int, before: str) -> None:
    assert cast.viewer.client().get(f"/customers/{ani}/timeline?before={before}").status_code == 200


def test_a_customer_who_came_in_without_events_has_an_empty_one(cast: Cast, ani: int) -> None:
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.delete(Event))
    assert "Nothing recorded yet." in cast.viewer.client().get(f"/customers/{ani}").text


def test_a_stranger_finds_no_timeline(cast: Cast, ani: int) -> None:
    assert cast.stranger.client().get(f"/customers/{ani}/timeline").status_code == 404
