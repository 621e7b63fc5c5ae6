"""One order by due time over messages, follow-ups, payment promises and texts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Organization
from crm.customers.services import archive_customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import insert_many
from crm.leads.models import FollowUp, LoanCommitment
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Message
from crm.reminders.queries import COUNTED, PAGE_SIZE, Cursor, page_of
from crm.reminders.rules import Day, When, cursor_in
from crm.web.due import numbers_of
from tests.factories import (
    Cast,
    make_blocked_sender,
    make_commitment,
    make_customer,
    make_follow_up,
    make_lead,
    make_message,
    make_text,
)
from tests.reminders.conftest import ZONE

Listed = Callable[..., list[str]]
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def day(cast: Cast, noon: dt.datetime) -> dict[str, str]:
    """Make one of each kind before today, today before and after now, and later; return their names."""
    names = {}
    with cast.owner.acting():
        for when, at in (("old", noon - DAY), ("due", noon - HOUR), ("soon", noon + HOUR), ("later", noon + DAY)):
            status = "reminder" if at < noon else "scheduled"
            names[f"{when} message"] = f"message-{make_message(channel='whatsapp', status=status, send_at=at)}"
            names[f"{when} call"] = f"follow-up-{make_follow_up(due_at=at + dt.timedelta(minutes=1))}"
            promised = clock_day(at)
            if when != "soon":
                names[f"{when} promise"] = f"loan-commitment-{make_commitment(promised_date=promised)}"
        for when, at in (("old", noon - DAY), ("due", noon - HOUR)):
            names[f"{when} text"] = f"text-{make_text(sent_at=at + dt.timedelta(minutes=2))}"
        names["failed"] = f"message-{make_message(status='failed', send_at=noon - 2 * HOUR)}"
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).sms_gateway = "console"
        make_message(channel="sms", send_at=noon + HOUR)
    return names


def clock_day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(ZONE).date()


def test_all_that_is_due_stands_in_one_order_by_time(cast: Cast, day: dict[str, str], listed: Listed) -> None:
    expected = ["old message", "old call", "old text", "old promise", "failed", "due message", "due call", "due text"]
    assert listed(cast.staff.client()) == [day[name] for name in expected]
    assert listed(cast.viewer.client()) == [day[name] for name in expected]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_spaces_part_what_a_row_says(cast: Cast, day: dict[str, str]) -> None:
    """Letters of Arabic join across elements that only a margin parts."""
    page = cast.staff.client().get("/reminders").text
    texts = re.findall(r'<span class="reminder-what"[^>]*>(.*?)</span>\s*<span class="reminder-when">', page, re.DOTALL)
    assert len(texts) == 8
    assert [text for text in texts if re.search(r"</(?:span|strong)><(?:span|strong)", text)] == []


def test_the_parts_are_by_the_day_of_the_organization(cast: Cast, day: dict[str, str], listed: Listed) -> None:
    staff = cast.staff.client()
    parts = {
        "overdue": ["old message", "old call", "old text", "old promise"],
        "today": ["failed", "due message", "due call", "due text", "soon message", "soon call", "due promise"],
        "later": ["later message", "later call", "later promise"],
    }
    for when, expected in parts.items():
        assert listed(staff, f"/reminders?when={when}") == [day[name] for name in expected], when
    counts = re.findall(r'<span class="count">([^<]+)</span></a>', staff.get("/reminders").text)
    assert counts == ["8", "4", "7", "3"]


def test_what_is_not_to_be_done_by_a_person_is_not_listed(cast: Cast, noon: dt.datetime, listed: Listed) -> None:
    with cast.owner.acting():
        archived = make_customer(phone="0812 3456 7890")
        make_message(customer_id=archived, status="reminder", send_at=noon - HOUR)
        archive_customer(archived)
        make_message(status="delivered", send_at=noon - HOUR)
        make_message(status="failed", send_at=noon - HOUR, acknowledged_at=noon)
        make_message(status="retry_wait", send_at=noon - dt.timedelta(minutes=5))
        make_follow_up(make_lead(status="lost"))
        make_commitment(promised_date=clock_day(noon))
    with cast.stranger.acting():
        make_message(status="reminder", send_at=noon - HOUR)
        make_follow_up()
        make_text()
    assert listed(cast.owner.client()) == []


def test_what_waits_too_long_or_for_a_refused_sender_is_listed_once(
    cast: Cast, noon: dt.datetime, listed: Listed
) -> None:
    with cast.owner.acting():
        make_blocked_sender()
        late = make_message(status="held", send_at=noon - DAY)
        held = make_message(status="held", send_at=noon - dt.timedelta(minutes=1))
    assert listed(cast.owner.client()) == [f"message-{late}", f"message-{held}"]


def test_nothing_to_do_says_what_comes_next(cast: Cast, noon: dt.datetime) -> None:
    staff = cast.staff.client()
    assert "Nothing to do now" in staff.get("/reminders").text
    assert "Nothing to do now" not in staff.get("/").text, "an empty shop has no use for it"
    with cast.owner.acting():
        make_follow_up(make_lead(name="Siti"), due_at=noon + DAY)

    page, home = staff.get("/reminders").text, staff.get("/").text

    assert "Coming next" in page
    assert "Siti" in page
    assert "Next: " in home
    assert 'href="/reminders?when=later"' in home
    for when, sentence in (("overdue", "Nothing overdue"), ("today", "Nothing for today")):
        assert sentence in staff.get(f"/reminders?when={when}").text


def test_an_unknown_part_and_a_wrong_place_are_answered_in_words(cast: Cast, day: dict[str, str]) -> None:
    staff = cast.staff.client()
    assert "There is no time “zzz”." in staff.get("/reminders?when=zzz").text
    assert "Nothing more here" in staff.get("/reminders?page=99").text
    wrong = ("x", "1-message", "99999999999999999999-message-1", "1-message-99999999999999999999999", "-message-1")
    for text in (*wrong, "1-nothing-1", "\u0661-message-1"):
        for side in ("after", "before"):
            assert staff.get("/reminders", query_string={side: text}).status_code == 200, text


def test_a_name_of_somebody_is_no_markup(cast: Cast, noon: dt.datetime) -> None:
    with cast.owner.acting():
        make_message(customer_id=make_customer(name="<b>Budi"), status="reminder", send_at=noon - HOUR)
        make_follow_up(make_lead(name="<b>Lead"), note="<b>note")
    page = cast.staff.client().get("/reminders").text
    assert "<b>" not in page


@pytest.fixture
def ten_thousand(cast: Cast, noon: dt.datetime) -> list[str]:
    """Make 10,000 due reminders of four kinds, many of them at the same time; return their names."""
    first = noon - 30 * DAY
    with cast.owner.acting():
        customer, lead = make_customer(phone="0812 3456 7890"), make_lead()
        with transaction() as session:
            message = {"customer_id": customer, "channel": "sms", "body": "x", "status": "reminder"}
            call, promise = {"lead_id": lead, "method": "call"}, {"lead_id": lead, "amount": 100}
            text = {"gateway": "twilio", "channel": "sms", "sender": "", "recipient": "+62215001", "body": "x"}
            times = [first + dt.timedelta(minutes=number // 3) for number in range(2_500)]
            insert_many(Message, [{**message, "send_at": at} for at in times])
            insert_many(FollowUp, [{**call, "due_at": at} for at in times])
            insert_many(LoanCommitment, [{**promise, "promised_date": (at + (at - first)).date()} for at in times])
            texts = [{**text, "provider_id": f"S{number}", "sent_at": at} for number, at in enumerate(times)]
            insert_many(InboundMessage, texts)
            kinds: dict[str, Any] = {"message": Message, "follow-up": FollowUp, "text": InboundMessage}
            kinds["loan-commitment"] = LoanCommitment
            return [f"{key}-{id_}" for key, model in kinds.items() for id_ in session.scalars(sa.select(model.id))]


def test_ten_thousand_are_walked_through_each_once_and_in_order(
    cast: Cast, noon: dt.datetime, ten_thousand: list[str]
) -> None:
    with cast.owner.acting():
        there = list(_walk(Day(noon, ZONE)))
        back = list(_walk(Day(noon, ZONE), backwards=True))

    assert len(there) == 10_000
    assert [at for at, _ in there] == sorted(at for at, _ in there)
    assert sorted(name for _, name in there) == sorted(ten_thousand)
    assert there[:-PAGE_SIZE] == list(reversed(back)), "back from the last page one sees the same"


def _walk(day: Day, *, backwards: bool = False) -> Iterator[tuple[dt.datetime, str]]:
    """Yield the reminders page by page, as the links Next, or from the last page Previous, lead."""
    cursor: Cursor | None = None
    if backwards:
        last = page_of(day, When.NOW, after=None, before=None, number=200)
        cursor = last.before
        assert last.after is None
    while True:
        sides: dict[str, Any] = {"after": None, "before": cursor} if backwards else {"after": cursor, "before": None}
        page = page_of(day, When.NOW, **sides, number=1)
        found = [(row.place.due.at, row.name) for row in page.rows]
        yield from reversed(found) if backwards else found
        cursor = page.before if backwards else page.after
        if cursor is None:
            return
        assert cursor_in(str(cursor)) == cursor


def test_a_page_of_ten_thousand_asks_no_more_than_one_of_ten(
    app: Flask, cast: Cast, noon: dt.datetime, ten_thousand: list[str], listed: Listed
) -> None:
    client = cast.owner.client()
    with app.app_context():
        engine = db.engine
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda c, u, statement, *rest: statements.append(statement))

    page = client.get("/reminders").text

    selects = [text for text in statements if text.startswith(("SELECT", "WITH")) and "set_config" not in text]
    assert len(selects) <= 13, "\n".join(selects)
    assert page.count("1,000+") >= 1
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    assert len(listed(client, following[1].replace("&amp;", "&"))) == PAGE_SIZE
    assert len(listed(client, "/reminders?page=200")) == PAGE_SIZE
    assert listed(client, "/reminders?page=2") == listed(client, following[1].replace("&amp;", "&"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_kind_is_read_by_the_index_of_what_is_due(cast: Cast, noon: dt.datetime, ten_thousand: list[str]) -> None:
    """An index by the time of all messages would be walked through to find the few that are due."""
    plans: list[str] = []

    def explain(connection: Any, _: Any, statement: str, parameters: Any, __: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "WITH")):
            rows = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in rows)

    with cast.owner.acting():
        sa.event.listen(db.engine, "before_cursor_execute", explain)
        try:
            for backwards in (False, True):
                for kind in catalog().reminders:
                    kind.due(Day(noon, ZONE).part(When.NOW)._replace(most=6, backwards=backwards))
            numbers_of(Day(noon, ZONE).part(When.NOW), COUNTED)
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", explain)

    used = {name for plan in plans for name in re.findall(r"INDEX (ix_\w+)", plan)}
    assert {"ix_messages_attention", "ix_follow_ups_due", "ix_loan_commitments_promised"} <= used
    assert "ix_inbound_messages_unread" in used
    assert "ix_messages_time" not in used
    tables = ("messages", "customers", "leads", "follow_ups", "loan_commitments", "inbound_messages")
    assert not [plan for plan in plans if plan.removeprefix("SCAN ") in tables]
