"""Mark as done and Move to tomorrow, for many reminders of all kinds, and for one; Undo of both."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.models import Membership, Organization
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.leads import commitments, follow_ups
from crm.leads.models import FollowUp, LoanCommitment
from crm.leads.services import lock_lead
from crm.messages.bookkeeping import lock_customers, refresh_next
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.messages.services import edit_message
from crm.reminders.services import MAX_AT_ONCE
from tests.factories import (
    Cast,
    make_branch,
    make_commitment,
    make_customer,
    make_follow_up,
    make_lead,
    make_message,
    make_text,
)
from tests.reminders.conftest import ZONE

Listed = Callable[..., list[str]]
HOUR = dt.timedelta(hours=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def due(cast: Cast, noon: dt.datetime) -> dict[str, int]:
    """Make one due reminder of each kind; return their ids."""
    with cast.owner.acting():
        customer = make_customer(phone="0812 3456 7890")
        message = make_message(customer_id=customer, channel="whatsapp", status="reminder", send_at=noon - HOUR)
        with transaction():
            refresh_next([customer])
        return {
            "message": message,
            "failed": make_message(status="failed", send_at=noon - HOUR),
            "call": make_follow_up(due_at=noon - HOUR),
            "promise": make_commitment(promised_date=(noon - 48 * HOUR).date()),
            "text": make_text(sent_at=noon - HOUR),
        }


NAMES = {"message": "message", "failed": "message", "call": "follow-up", "promise": "loan-commitment", "text": "text"}


def post(client: FlaskClient, action: str, *names: str, **headers: str) -> TestResponse:
    return client.post("/reminders/bulk", data={"action": action, "ids": list(names)}, headers={**HTMX, **headers})


def named(due: dict[str, int]) -> list[str]:
    return [f"{NAMES[key]}-{id_}" for key, id_ in due.items()]


def undo(client: FlaskClient, answer: TestResponse) -> TestResponse:
    url = answer.text.partition('action="/reminders/bulk/')[2].partition('"')[0]
    assert url, answer.text
    return client.post(f"/reminders/bulk/{url}", headers=HTMX)


def state(cast: Cast, due: dict[str, int]) -> dict[str, Any]:
    with cast.owner.acting():
        messages = [db.session.get_one(Message, due[key]) for key in ("message", "failed")]
        call, promise = db.session.get_one(FollowUp, due["call"]), db.session.get_one(LoanCommitment, due["promise"])
        return {
            "messages": [(row.status, row.send_at, row.is_acknowledged) for row in messages],
            "call": (call.is_done, call.due_at),
            "promise": (call.lead.status, promise.state, promise.promised_date),
            "text": db.session.get_one(InboundMessage, due["text"]).is_done,
            "next": messages[0].customer.next_message_at,
        }


def events(cast: Cast) -> list[str]:
    with cast.owner.acting():
        return list(db.session.scalars(sa.select(Event.action).order_by(Event.id)))


def test_all_kinds_are_marked_as_done_and_undone(cast: Cast, due: dict[str, int], listed: Listed) -> None:
    staff, before = cast.staff.client(), state(cast, due)

    answer = post(staff, "done", *named(due))

    assert answer.status_code == 200
    assert "5 reminders marked as done." in answer.text
    assert "customersChanged" in answer.headers["HX-Trigger"]
    after = state(cast, due)
    assert [found[0] for found in after["messages"]] == [Status.DONE, Status.FAILED], "what happened stays proof"
    assert [found[2] for found in after["messages"]] == [True, True]
    assert (after["call"][0], after["promise"][1], after["text"]) == (True, "kept", True)
    assert listed(staff) == []
    assert events(cast)[-4:] == ["message.done", "message.done", "follow_up.done", "commitment.settled"]

    back = undo(staff, answer)

    assert "Undone. 5 reminders are due again." in back.text
    assert state(cast, due) == before
    assert len(listed(staff)) == 5


def test_twice_is_once(cast: Cast, due: dict[str, int]) -> None:
    staff = cast.staff.client()
    first = post(staff, "done", *named(due))
    told = len(events(cast))

    again = post(staff, "done", *named(due))

    assert again.status_code == 200
    assert "Already marked as done." in again.text
    assert "Undo" not in again.text
    assert len(events(cast)) == told
    undo(staff, first)
    told = len(events(cast))
    assert "Nothing to undo" in undo(staff, first).text
    assert len(events(cast)) == told


def test_undo_leaves_what_changed_since(cast: Cast, due: dict[str, int]) -> None:
    staff = cast.staff.client()
    answer = post(staff, "done", *named(due))
    staff.post(f"/messages/{due['message']}/done/delete")

    assert "Undone. 4 reminders are due again." in undo(staff, answer).text
    assert state(cast, due)["messages"][0][0] is Status.REMINDER


def test_undo_leaves_what_a_colleague_did_since(
    cast: Cast, noon: dt.datetime, due: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was opened and marked as done once more, the call with what came of it."""
    staff, colleague = cast.staff.client(), cast.manager.client()
    answer = post(staff, "done", *named(due))
    monkeypatch.setattr("crm.values.clock.utcnow", lambda: noon + HOUR)
    time.sleep(0.01)  # messages and texts are marked by the clock of the database, on SQLite in milliseconds
    for path, form in {
        f"/messages/{due['message']}/done": {},
        f"/messages/{due['failed']}/done": {},
        f"/follow-ups/{due['call']}/done": {"outcome": "Wants ten boxes"},
        f"/loan-commitments/{due['promise']}/settlement": {"state": "kept"},
        f"/inbox/{due['text']}/done": {},
    }.items():
        for opened_or_done, data in ((f"{path}/delete", {}), (path, form)):
            assert colleague.post(opened_or_done, data=data).status_code == 303, opened_or_done
    before, told = state(cast, due), len(events(cast))

    assert "Nothing to undo: it has changed since." in undo(staff, answer).text

    assert (state(cast, due), len(events(cast))) == (before, told)
    with cast.owner.acting():
        assert db.session.get_one(FollowUp, due["call"]).outcome == "Wants ten boxes"


def test_undo_of_a_move_leaves_what_a_colleague_changed_since(cast: Cast, due: dict[str, int]) -> None:
    """The time is the same: the text, the note and the amount are not."""
    moved = {key: due[key] for key in ("message", "call", "promise")}
    staff = cast.staff.client()
    answer = post(staff, "tomorrow", *named(moved))
    assert "3 reminders moved to tomorrow, 09:00." in answer.text
    time.sleep(0.01)  # rows are stamped by the clock of the database, on SQLite in milliseconds
    with cast.manager.acting():
        message = db.session.get_one(Message, due["message"])
        edit_message(message.id, message.channel, "Another text", message.send_at)
        follow_ups.edit_follow_up(due["call"], {"note": "Ask for Budi"})
        commitments.edit_commitment(due["promise"], {"amount": 123_00})
    before, told = state(cast, due), len(events(cast))

    assert "Nothing to undo: it has changed since." in undo(staff, answer).text

    assert (state(cast, due), len(events(cast))) == (before, told)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_undo_leaves_an_outcome_and_an_answer_that_were_added_since(cast: Cast, due: dict[str, int]) -> None:
    staff = cast.staff.client()
    answer = post(staff, "done", *named(due))
    with cast.manager.acting():
        follow_ups.edit_follow_up(due["call"], {"outcome": "Wants ten boxes"})
    cast.manager.client().post(f"/inbox/{due['text']}/opt-out")

    undo(staff, answer)

    with cast.owner.acting():
        call, text = db.session.get_one(FollowUp, due["call"]), db.session.get_one(InboundMessage, due["text"])
        assert (call.is_done, call.outcome) == (True, "Wants ten boxes")
        assert (text.is_done, text.answer) == (True, "opt_out")


@pytest.mark.parametrize("action", ["done", "tomorrow"])
def test_a_failure_within_a_later_kind_changes_nothing(
    cast: Cast, app: Flask, due: dict[str, int], action: str
) -> None:
    staff, before, told = cast.staff.client(), state(cast, due), len(events(cast))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with failing(app, "UPDATE follow_ups"):
        assert post(staff, action, *named(due)).status_code == 500
    assert (state(cast, due), len(events(cast))) == (before, told)

    answer = post(staff, action, *named(due))
    after = state(cast, due)
    with failing(app, "UPDATE follow_ups"):
        assert undo(staff, answer).status_code == 500
    assert state(cast, due) == after

    assert "Undone. " in undo(staff, answer).text
    assert state(cast, due) == before


@contextmanager
def failing(app: Flask, start: str) -> Iterator[None]:
    """Let statements that begin so fail."""

    def fail(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(start):
            raise RuntimeError("no more room on the disk")

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", fail)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_who_made_a_change_undoes_it(cast: Cast, due: dict[str, int]) -> None:
    staff = cast.staff.client()
    answer = post(staff, "done", *named(due))
    after = state(cast, due)

    for other in (cast.manager, cast.owner):
        assert undo(other.client(), answer).status_code == 404
    assert state(cast, due) == after
    assert "Undone. 5 reminders are due again." in undo(staff, answer).text


WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lead_that_is_being_saved_is_waited_for(cast: Cast, due: dict[str, int]) -> None:
    """Whoever saves a lead locks it, then its customer; a bulk change locks customers before leads."""
    staff = cast.staff.client()
    with cast.owner.acting():
        lead_id = db.session.get_one(FollowUp, due["call"]).lead_id
        customer_id = db.session.get_one(Message, due["message"]).customer_id
        with ThreadPoolExecutor(1) as pool:
            with transaction() as session:
                lock_lead(lead_id)
                answer = pool.submit(post, staff, "done", *named(due))
                while not answer.done() and not session.scalar(WAITING, execution_options={"all_organizations": True}):
                    time.sleep(0.01)
                lock_customers([customer_id])
            assert "5 reminders marked as done." in answer.result().text


def test_what_can_be_moved_comes_again_tomorrow_at_nine(
    cast: Cast, noon: dt.datetime, due: dict[str, int], listed: Listed
) -> None:
    staff, before = cast.staff.client(), state(cast, due)
    tomorrow = dt.datetime.combine(noon.astimezone(ZONE).date() + dt.timedelta(days=1), dt.time(9), ZONE)

    answer = post(staff, "tomorrow", *named(due))

    assert "3 reminders moved to tomorrow, 09:00." in answer.text
    assert "2 stayed: " in answer.text
    assert "Send it again or mark it as done." in answer.text
    after = state(cast, due)
    assert after["messages"][0][:2] == (Status.SCHEDULED, tomorrow)
    assert after["messages"][1] == before["messages"][1]
    assert after["call"] == (False, tomorrow)
    assert after["promise"][1:] == ("open", tomorrow.date())
    assert after["next"] == tomorrow
    assert [name.partition("-")[0] for name in listed(staff)] == ["message", "text"]
    assert len(listed(staff, "/reminders?when=later")) == 3

    assert "Already moved." in post(staff, "tomorrow", f"message-{due['message']}").text
    assert "3 reminders are back at their time." in undo(staff, answer).text
    assert state(cast, due) == before


def test_one_is_moved_within_the_day(
    cast: Cast, noon: dt.datetime, due: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A message asks the database whether a time has passed.
    monkeypatch.setattr("crm.messages.bulk.database_now", lambda: noon)
    staff = cast.staff.client()
    message, call, promise = (f"{NAMES[key]}-{due[key]}" for key in ("message", "call", "promise"))

    assert "Moved to 13:00." in post(staff, "hour", message).text
    assert "Moved to 18:00." in post(staff, "evening", call).text
    assert "can only be moved to another day" in post(staff, "hour", promise).text

    found = state(cast, due)
    assert found["messages"][0][1] == noon + HOUR
    assert found["call"][1] == noon + 6 * HOUR


def test_an_evening_that_has_passed_is_not_offered(
    cast: Cast, noon: dt.datetime, due: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = cast.staff.client()
    assert 'value="evening"' in staff.get("/reminders").text
    monkeypatch.setattr("crm.values.clock.utcnow", lambda: noon + 7 * HOUR)

    assert 'value="evening"' not in staff.get("/reminders").text
    answer = post(staff, "evening", f"message-{due['message']}")
    assert answer.status_code == 422
    assert "It is past 18:00 already." in answer.text


def test_what_is_being_sent_or_asks_stays_and_says_why(cast: Cast, noon: dt.datetime) -> None:
    staff = cast.staff.client()
    with cast.owner.acting():
        sending = make_message(status="submitting", send_at=noon - HOUR)
        asking = make_text(sender="+6281234567890", effect="ask")
        call = make_follow_up()

    answer = post(staff, "done", f"message-{sending}", f"text-{asking}", f"follow-up-{call}")

    assert "1 reminder marked as done." in answer.text
    assert "2 stayed: " in answer.text
    assert "being sent right now" in answer.text
    with cast.owner.acting():
        assert db.session.get_one(Message, sending).status is Status.SUBMITTING
        assert not db.session.get_one(InboundMessage, asking).is_done


def test_who_may_get_no_message_keeps_its_time(cast: Cast, noon: dt.datetime) -> None:
    with cast.owner.acting():
        customer = make_customer(name="Budi", phone="0812 3456 7890", whatsapp_allowed=False)
        message = make_message(customer_id=customer, channel="whatsapp", status="reminder", send_at=noon - HOUR)
        call = make_follow_up()

    answer = post(cast.staff.client(), "tomorrow", f"message-{message}", f"follow-up-{call}")

    assert "1 reminder moved to tomorrow, 09:00. 1 stayed: " in answer.text
    assert "Budi" in answer.text
    with cast.owner.acting():
        found = db.session.get_one(Message, message)
        assert (found.status, found.send_at) == (Status.REMINDER, noon - HOUR)


def test_another_organizations_reminders_are_not_found(cast: Cast, due: dict[str, int]) -> None:
    before, told = state(cast, due), len(events(cast))
    for action in ("done", "tomorrow", "hour"):
        assert post(cast.stranger.client(), action, *named(due)).status_code == 404
    with cast.stranger.acting():
        own = make_follow_up()
    mixed = post(cast.stranger.client(), "done", *named(due), f"follow-up-{own}", "message-999999", "nothing-1")
    assert "Marked as done." in mixed.text
    assert (state(cast, due), len(events(cast))) == (before, told)
    answer = post(cast.staff.client(), "done", *named(due))
    url = answer.text.partition('action="/reminders/bulk/')[2].partition('"')[0]
    assert cast.stranger.client().post(f"/reminders/bulk/{url}").status_code == 404


def test_staff_of_a_branch_see_and_change_theirs_alone(cast: Cast, noon: dt.datetime, listed: Listed) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        names = {}
        for branch, phone in ((ours, "0812 1111 2222"), (theirs, "0812 3333 4444")):
            customer = make_customer(phone=phone, branch_id=branch)
            message = make_message(customer_id=customer, status="reminder", send_at=noon - HOUR)
            call = make_follow_up(make_lead(branch_id=branch))
            text = make_text(sender="+62" + phone[1:].replace(" ", ""), sent_at=noon)
            names[branch] = [f"message-{message}", f"follow-up-{call}", f"text-{text}"]
    staff, owner = cast.staff.client(), cast.owner.client()

    assert sorted(listed(staff)) == sorted(names[ours])
    assert post(staff, "done", *names[theirs]).status_code == 404
    assert "3 reminders marked as done." in post(staff, "done", *names[ours], *names[theirs]).text
    assert sorted(listed(owner)) == sorted(names[theirs])


def test_without_javascript_one_is_led_back_to_the_list(cast: Cast, due: dict[str, int]) -> None:
    staff = cast.staff.client()
    data = {"action": "done", "ids": named(due)}

    answer = staff.post("/reminders/bulk", data=data, headers={"Referer": "http://localhost/reminders?when=overdue"})

    assert (answer.status_code, answer.location) == (303, "/reminders?when=overdue")
    assert "5 reminders marked as done." in staff.get(answer.location).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_bad_input_is_answered_in_words(cast: Cast, due: dict[str, int]) -> None:
    staff, before = cast.staff.client(), state(cast, due)
    many = [f"message-{number}" for number in range(1, MAX_AT_ONCE + 2)]
    for action, names, sentence in (
        ("done", [], "Select at least one reminder first."),
        ("tomorrow", [], "Select at least one reminder first."),
        ("", named(due), "Choose Mark as done or Move to tomorrow."),
        ("delete", named(due), "Choose Mark as done or Move to tomorrow."),
        ("done", many, "Select at most 500 reminders at once."),
    ):
        for headers in ({}, HTMX):
            data = {"action": action, "ids": names}
            answer = staff.post("/reminders/bulk", data=data, headers=headers)
            assert answer.status_code == 422, action
            assert sentence in answer.text
    for wrong in ("message", "message-", "-1", "message-0x1", "message-99999999999999999999999", "\u0661"):
        assert post(staff, "done", wrong).status_code == 404, wrong
    assert state(cast, due) == before
    viewer = cast.viewer.client()
    assert post(viewer, "done", *named(due)).status_code == 403
    assert "Mark as done" not in viewer.get("/reminders").text
