"""What becomes of a due message: the gate, the table of outcomes, leases and tokens; on both databases."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

import config
from crm.customers.services import archive_customer, delete_customer, edit_customer, restore_customer
from crm.delivery import calls as running_calls
from crm.delivery import deliver, jobs, outcomes
from crm.delivery.calls import MAX_CALLS as CALLS
from crm.delivery.calls import uptime
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.queue import stopping
from crm.kernel.work import due
from crm.messages import services
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.models import BlockedSender, Message
from crm.messages.rules import Status
from crm.providers import http
from crm.providers.base import Answer, Call, Outcome
from crm.providers.console import gateway as console
from crm.values import clock
from tests.messages.shop import PHONE, Shop
from tests.servers import wait_for


def ago(moment: dt.datetime | None) -> float:
    """Return how many seconds ago a moment was; negative in the future."""
    assert moment is not None
    return (clock.utcnow() - moment).total_seconds()


# What is sent, and what becomes a reminder.


def test_the_console_accepts_and_accepted_means_sent(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "crm.providers.console")
    id_ = shop.schedule(sari := shop.customer(), body="Hello Sari")

    shop.work()

    (entry,) = [record.getMessage() for record in caplog.records if "console" in record.name]
    assert entry.startswith("console: SMS, attempt "), "neither number nor text"

    message, (attempt,) = shop.message(id_), shop.attempts(id_)
    assert message.status is Status.SENT
    assert message.handed_over_at is not None
    assert (attempt.outcome, attempt.body, attempt.provider_id) == ("accepted", "Hello Sari", f"console-{attempt.id}")
    assert (shop.due_at(id_), shop.next_at(sari)) == (None, None)
    assert shop.events(sari)[-1] == ("message.sent", None)


def test_by_hand_it_becomes_a_reminder_and_stays_next(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer(), channel=WHATSAPP)

    shop.work()

    assert shop.status(id_) is Status.REMINDER
    assert shop.attempts(id_) == []
    assert shop.due_at(id_) is None
    assert shop.next_at(sari) == shop.message(id_).send_at


def test_nothing_is_sent_before_its_time_whatever_the_list_of_due_work_says(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer(), in_=3600)
    shop.look_now(id_)

    shop.work()

    assert shop.status(id_) is Status.SCHEDULED
    assert shop.due_at(id_) == shop.message(id_).send_at


def test_each_organization_gets_its_turn(shop: Shop, stranger: Shop) -> None:
    ids = [shop.schedule(shop.customer()), stranger.schedule(stranger.customer())]

    shop.work()

    assert [shop.status(ids[0]), stranger.status(ids[1])] == [Status.SENT, Status.SENT]


def load(shop: Shop, slug: str, count: int) -> None:
    arguments = ["demo", "load", "--messages", str(count), "--due-in", "-1", "--organization", slug]
    assert shop.app.test_cli_runner().invoke(args=arguments).exit_code == 0


def test_many_messages_of_one_do_not_hold_up_another(shop: Shop, stranger: Shop) -> None:
    load(shop, "shop", 300)
    ids = [stranger.schedule(stranger.customer()) for _ in range(3)]

    with shop.app.app_context():
        jobs.deliver_due()

    assert {stranger.status(id_) for id_ in ids} == {Status.SENT}
    with shop.inside():
        sent = db.session.scalar(sa.select(sa.func.count(Message.id)).where(Message.status == "sent"))
    assert 0 < (sent or 0) < 300, "in turn, a small batch each"


def test_a_provider_that_is_slow_holds_up_nobody_else(shop: Shop, stranger: Shop) -> None:
    slow = shop.schedule(shop.customer(), body="[delay 3]")
    quick = stranger.schedule(stranger.customer())

    def tick() -> None:
        with shop.app.app_context():
            jobs.deliver_due()

    tickers = [threading.Thread(target=tick) for _ in range(2)]
    for ticker in tickers:
        ticker.start()
    wait_for(lambda: stranger.status(quick) is Status.SENT, "it is sent")

    wait_for(lambda: shop.status(slow) is Status.SUBMITTING, "the slow one is still under way")
    for ticker in tickers:
        ticker.join()
    assert shop.status(slow) is Status.SENT


def test_a_provider_that_hangs_is_let_go_and_the_next_organization_is_served(
    shop: Shop, stranger: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One ticker alone comes to the second organization while calls of the first are still under way."""
    hanging = [shop.schedule(shop.customer(), body=str(n)) for n in range(2)]
    quick = stranger.schedule(stranger.customer())
    freed, send = threading.Event(), console.Console.send

    def hang(self: console.Console, call: Call) -> Outcome:
        if call.message_id in hanging:
            freed.wait(60)
        return send(self, call)

    monkeypatch.setattr(console.Console, "send", hang)
    monkeypatch.setattr(deliver, "LONGEST_CALL", 0.2)
    monkeypatch.setattr(jobs, "TURN", 0.2)
    try:
        with shop.app.app_context():
            jobs.deliver_due()
        assert stranger.status(quick) is Status.SENT
        assert {shop.status(id_) for id_ in hanging} == {Status.SUBMITTING}
    finally:
        freed.set()
    shop.look_now(hanging[0], lease_until=clock.utcnow())
    shop.work()
    assert shop.status(hanging[0]) is Status.UNKNOWN


ORDERS = "[delay 5] [unknown] [refused_sender] [permanent]"


def test_words_in_a_text_are_orders_only_where_the_installation_says_so(
    shop: Shop, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(console, "time", SimpleNamespace(sleep=slept.append))
    shop.set(name=f"Toko {ORDERS}")
    form = {"channel": "sms", "to": PHONE}
    assert owner.post("/settings/messaging/test", data=form).status_code == 303, "never in a test message"

    ordered = shop.schedule(shop.customer(), body="[delay 3600] [unknown]")
    shop.work()
    assert shop.status(ordered) is Status.UNKNOWN
    assert slept == [http.READ], "no longer than a provider may take"

    shop.app.config["MESSAGE_CONSOLE_ORDERS"] = False
    ignored = shop.schedule(shop.customer("Siti", "0812-3456-7891"), body=ORDERS)
    shop.work()
    assert shop.status(ignored) is Status.SENT
    assert slept == [http.READ]


def test_an_installation_takes_no_orders_by_itself(tmp_path: Path) -> None:
    assert config.load({"SECRET_KEY": "0123456789abcdefghijklmnop"}, tmp_path)["MESSAGE_CONSOLE_ORDERS"] is False


def test_what_can_not_begin_long_before_the_lease_ends_is_given_back(shop: Shop) -> None:
    load(shop, "shop", CALLS + 20)
    with shop.inside(), transaction() as session:
        session.execute(sa.update(Message).values(body="[delay 1.5]"))
    shop.app.config["MESSAGE_LEASE"] = 4

    with shop.app.app_context():
        assert deliver.deliver_batch(shop.id) == CALLS + 20

    with shop.inside():
        found = db.session.execute(sa.select(Message.status, sa.func.count(Message.id)).group_by(Message.status))
        assert dict(tuple(row) for row in found) == {"sent": CALLS, "scheduled": 20}


# The gate.


def test_archived_when_due_it_is_canceled_and_says_so(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer())
    with shop.inside():
        archive_customer(sari)

    shop.work()

    message = shop.message(id_)
    assert (message.status, message.reason) == (Status.CANCELED, "Sari was archived when it was due.")
    assert shop.attempts(id_) == []


def test_restored_before_it_is_due_it_is_sent(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer())
    with shop.inside():
        archive_customer(sari)
        restore_customer(sari)

    shop.work()

    assert shop.status(id_) is Status.SENT


@pytest.mark.parametrize("channel", all_channels())
def test_a_channel_that_was_switched_off_suppresses(shop: Shop, channel: Channel) -> None:
    id_ = shop.schedule(sari := shop.customer(email="sari@shop.test"), channel=channel)
    with shop.inside():
        edit_customer(sari, {f"{channel}_allowed": False})

    shop.work()

    assert shop.status(id_) is Status.SUPPRESSED
    assert f"{channel.label} is not allowed for Sari." in shop.message(id_).reason


def test_a_number_that_is_gone_fails(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer())
    with shop.inside():
        edit_customer(sari, {"phone": "123"})

    shop.work()

    assert shop.status(id_) is Status.FAILED
    assert "can't get messages" in shop.message(id_).reason


def test_too_late_it_expires(shop: Shop) -> None:
    late = shop.schedule(shop.customer(), late=24 * 3600 + 60)
    in_time = shop.schedule(shop.customer(name="Budi"), late=24 * 3600 - 60)

    shop.work()

    assert [shop.status(late), shop.status(in_time)] == [Status.EXPIRED, Status.SENT]
    assert shop.message(late).reason == "It could not be sent within 24 hours of its time."


def test_by_hand_it_never_expires(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer(), channel=WHATSAPP, late=9 * 24 * 3600)

    shop.work()

    assert shop.status(id_) is Status.REMINDER


def quiet_now(shop: Shop, hours: float = 2) -> None:
    """Let it be quiet in the shop, until `hours` from now."""
    here = clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta"))
    begin, end = here - dt.timedelta(hours=1), here + dt.timedelta(hours=hours)
    shop.set(quiet_from=f"{begin:%H:%M}", quiet_until=f"{end:%H:%M}")


@pytest.mark.parametrize("channel", all_channels())
def test_in_quiet_hours_it_waits_until_they_end(shop: Shop, channel: Channel) -> None:
    quiet_now(shop)
    id_ = shop.schedule(sari := shop.customer(email="sari@shop.test"), channel=channel)

    shop.work()

    message = shop.message(id_)
    assert message.status is Status.HELD
    local = shop.due_at(id_).astimezone(clock.zone("Asia/Jakarta"))
    assert message.reason == f"Quiet hours: it will be sent {local:%Y-%m-%d %H:%M} (Asia/Jakarta)."
    assert 3600 < -ago(shop.due_at(id_)) <= 2 * 3600
    assert shop.next_at(sari) == message.send_at


def test_after_quiet_hours_it_goes(shop: Shop) -> None:
    quiet_now(shop)
    id_ = shop.schedule(shop.customer())
    shop.work()

    with shop.inside(), transaction() as session:  # time passes: quiet hours are over, nobody changed the settings
        session.execute(sa.text("update organizations set quiet_from = null"), execution_options=ANYWHERE)
    shop.look_now(id_)
    shop.work()

    assert shop.status(id_) is Status.SENT


def test_quiet_hours_that_are_removed_let_go_at_once(shop: Shop) -> None:
    quiet_now(shop)
    id_ = shop.schedule(shop.customer())
    shop.work()
    assert shop.status(id_) is Status.HELD

    shop.set(quiet_from="", quiet_until="")
    shop.work()

    assert shop.status(id_) is Status.SENT


ANYWHERE = {"all_organizations": True}


# The table of outcomes.


def test_without_a_connection_it_tries_again_later_and_later(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer(), body="[no_connection]")
    waits = []
    for _ in range(4):
        shop.work()
        message = shop.message(id_)
        assert message.status is Status.RETRY_WAIT
        assert re.search(r"could not be reached\. Next try \d{4}-\d\d-\d\d \d\d:\d\d\.$", message.reason)
        waits.append(-ago(shop.due_at(id_)))
        shop.look_now(id_)

    for wait, expected in zip(waits, (30, 60, 120, 240), strict=True):
        assert 0.8 * expected - 5 < wait <= 1.2 * expected
    assert [attempt.outcome for attempt in shop.attempts(id_)] == ["no_connection"] * 4
    assert shop.next_at(sari) == message.send_at


def test_it_stops_trying_when_it_is_too_late(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer(), body="[no_connection]", late=24 * 3600 - 20)
    shop.work()
    assert -ago(shop.due_at(id_)) < 22, "the next look is when it expires"

    shop.shift(id_, 24 * 3600 + 5)
    shop.work()

    assert shop.status(id_) is Status.EXPIRED


def test_rate_limited_it_waits_as_long_as_it_is_told_and_does_not_count(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer(), body="[rate_limited 600]")
    for _ in range(2):
        shop.work()
        assert shop.status(id_) is Status.RETRY_WAIT
        assert 590 < -ago(shop.due_at(id_)) <= 600
        assert shop.message(id_).attempts_made == 0
        shop.look_now(id_)


def test_a_short_retry_after_does_not_shorten_the_back_off(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer(), body="[rate_limited 1]")
    shop.work()
    assert 19 < -ago(shop.due_at(id_)) <= 36


@pytest.mark.parametrize(
    ("order", "status", "sentence"),
    [
        ("permanent", Status.FAILED, "The number can't get this message."),
        ("opted_out", Status.SUPPRESSED, "The customer has opted out."),
    ],
)
def test_a_refusal_is_final(shop: Shop, order: str, status: Status, sentence: str) -> None:
    id_ = shop.schedule(sari := shop.customer(), body=f"[{order}]")

    shop.work()

    message, (attempt,) = shop.message(id_), shop.attempts(id_)
    assert (message.status, message.reason) == (status, sentence)
    assert (attempt.outcome, attempt.error_code, attempt.detail) == (order, order, sentence)
    assert (shop.due_at(id_), shop.next_at(sari)) == (None, None)


def test_an_unknown_outcome_is_checked_then_shown_and_never_sent_again(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer(), body="[unknown]")
    shop.work()
    assert shop.status(id_) is Status.UNKNOWN
    assert 50 < -ago(shop.due_at(id_)) <= 60, "the provider is asked now and then"
    assert shop.next_at(sari) is not None
    shop.look_now(id_)
    shop.work()
    assert shop.status(id_) is Status.UNKNOWN

    shop.look_now(id_, status_at=clock.utcnow() - dt.timedelta(seconds=600))
    shop.work()

    assert shop.status(id_) is Status.UNCONFIRMED
    assert "can't tell whether it arrived" in shop.message(id_).reason
    assert shop.due_at(id_) is None
    assert len(shop.attempts(id_)) == 1


def test_a_gateway_that_breaks_counts_as_unknown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, call: Call) -> Outcome:
        raise RuntimeError("boom")

    monkeypatch.setattr(console.Console, "send", broken)
    id_ = shop.schedule(shop.customer())

    shop.work()

    assert shop.status(id_) is Status.UNKNOWN


def test_what_a_gateway_accepts_and_never_reports_ends_as_no_report(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.Console, "reports", True)
    id_ = shop.schedule(sari := shop.customer())
    shop.work()
    assert shop.status(id_) is Status.ACCEPTED
    assert 259_000 < -ago(shop.due_at(id_)) <= 259_200
    assert shop.next_at(sari) is None

    shop.look_now(id_)
    shop.work()

    assert shop.status(id_) is Status.NO_REPORT


def test_a_refused_sender_holds_all_its_messages_and_is_probed_seldom(shop: Shop) -> None:
    sari = shop.customer()
    refused = [shop.schedule(sari, body="[refused_sender]") for _ in range(2 * CALLS)]

    shop.work()

    made = [len(shop.attempts(id_)) for id_ in refused]
    assert sum(made) <= CALLS, "only what was in flight when it was refused"
    assert {shop.status(id_) for id_ in refused} == {Status.HELD}
    assert {shop.message(id_).reason for id_ in refused} == {
        "The gateway refused the account. Messages wait until this is fixed."
    }

    for id_ in refused:
        shop.look_now(id_)
    shop.work()
    assert sum(len(shop.attempts(id_)) for id_ in refused) == sum(made), "no probe within ten seconds"

    probe_now(shop)
    for id_ in refused:
        shop.look_now(id_)
    shop.work()
    assert sum(len(shop.attempts(id_)) for id_ in refused) == sum(made) + 1, "one probe"


def test_a_probe_that_succeeds_lets_all_go(shop: Shop) -> None:
    sari = shop.customer()
    shop.schedule(sari, body="[refused_sender]")
    shop.work()
    waiting = [shop.schedule(sari, body=f"{n}") for n in range(5)]
    shop.work()
    assert {shop.status(id_) for id_ in waiting} == {Status.HELD}

    probe_now(shop)
    shop.look_now(waiting[0])
    shop.work()

    assert {shop.status(id_) for id_ in waiting} == {Status.SENT}


def test_another_gateway_lets_go_what_a_refused_sender_held(shop: Shop) -> None:
    sari = shop.customer()
    id_ = shop.schedule(sari, body="[refused_sender]")
    shop.work()

    shop.set(sms_gateway="manual")
    shop.work()

    assert shop.status(id_) is Status.REMINDER


def test_the_other_channel_is_not_held(shop: Shop) -> None:
    shop.set(whatsapp_gateway="console")
    sari = shop.customer()
    shop.schedule(sari, body="[refused_sender]")
    shop.work()

    id_ = shop.schedule(sari, channel=WHATSAPP)
    shop.work()

    assert shop.status(id_) is Status.SENT


def probe_now(shop: Shop) -> None:
    with shop.inside(), transaction() as session:
        for row in session.scalars(sa.select(BlockedSender)):
            row.probe_at = clock.utcnow() - dt.timedelta(seconds=1)


# Leases and tokens.


def claim(shop: Shop) -> deliver.Claim:
    taken = deliver.Claim()
    with shop.inside():
        deliver._claim(taken, deliver.MAX_BATCH)
    return taken


def submit(shop: Shop, taken: deliver.Claim) -> list[Call]:
    with shop.inside():
        return deliver._submit(taken, taken.ids)


def test_a_lease_that_ran_out_before_the_call_frees_the_message(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer())
    first = claim(shop)
    assert shop.status(id_) is Status.CLAIMED
    shop.look_now(id_, lease_until=clock.utcnow() - dt.timedelta(seconds=1))

    assert submit(shop, first) == [], "the lease is over"
    shop.work()

    assert shop.status(id_) is Status.SENT
    assert len(shop.attempts(id_)) == 1


def test_a_call_that_could_not_begin_within_its_lease_is_not_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "crm.providers.console")
    id_ = shop.schedule(shop.customer())
    submit_now = deliver._submit

    def held_up(*arguments: Any) -> list[Call]:
        calls = submit_now(*arguments)
        monkeypatch.setattr(running_calls, "uptime", lambda: uptime() + 3600)
        return calls

    monkeypatch.setattr(deliver, "_submit", held_up)
    with shop.app.app_context():
        deliver.deliver_batch(shop.id)

    assert "Your cake is ready." not in caplog.text
    assert shop.status(id_) is Status.RETRY_WAIT
    assert "nothing was sent" in shop.message(id_).reason


def test_who_lost_its_claim_to_another_worker_calls_nothing(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer())
    first = claim(shop)
    shop.look_now(id_, lease_until=clock.utcnow() - dt.timedelta(seconds=1))
    second = claim(shop)
    assert second.ids == [id_]

    assert submit(shop, first) == []
    assert len(submit(shop, second)) == 1


def test_a_lease_that_holds_keeps_others_away(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer())
    claim(shop)
    shop.look_now(id_)

    assert claim(shop).ids == []
    assert shop.status(id_) is Status.CLAIMED


def test_a_lease_that_ran_out_during_the_call_is_unknown_and_the_answer_refused(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer())
    taken = claim(shop)
    (call,) = submit(shop, taken)
    assert shop.status(id_) is Status.SUBMITTING
    shop.look_now(id_, lease_until=clock.utcnow() - dt.timedelta(seconds=1))
    shop.work()
    assert shop.status(id_) is Status.UNKNOWN

    with shop.inside():
        outcomes.record([(call, Outcome(Answer.NO_CONNECTION))], taken.token)

    assert shop.status(id_) is Status.UNKNOWN
    assert [attempt.outcome for attempt in shop.attempts(id_)] == ["no_connection"]


@pytest.mark.parametrize("step", ["edit", "cancel", "done", "archive", "delete", "quiet"])
def test_what_happens_between_claim_and_call_is_seen(shop: Shop, step: str) -> None:
    id_ = shop.schedule(sari := shop.customer())
    taken = claim(shop)
    at = clock.utcnow() + dt.timedelta(days=1)
    with shop.inside():
        if step == "edit":
            with pytest.raises(ConflictError):
                services.edit_message(id_, SMS, "x", at)
        elif step == "cancel":
            with pytest.raises(ConflictError):
                services.cancel_message(id_)
        elif step == "done":
            with pytest.raises(ConflictError):
                services.mark_done(id_)
        elif step == "archive":
            archive_customer(sari)
        elif step == "delete":
            delete_customer(sari)
    if step == "quiet":
        quiet_now(shop)

    calls = submit(shop, taken)

    assert len(calls) == (step in ("edit", "cancel", "done"))
    expected = {"archive": Status.CANCELED, "quiet": Status.HELD, "delete": None}.get(step, Status.SUBMITTING)
    if expected:
        assert shop.status(id_) is expected
    else:
        assert shop.due_at(id_) is None


def test_asked_to_end_it_gives_back_what_it_has_not_begun(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, body=str(n)) for n in range(2 * CALLS)]
    send = console.Console.send

    def stop(self: console.Console, call: Call) -> Outcome:
        stopping.set()
        return send(self, call)

    monkeypatch.setattr(console.Console, "send", stop)
    try:
        with shop.app.app_context():
            deliver.deliver_batch(shop.id)
    finally:
        stopping.clear()

    found = [shop.status(id_) for id_ in ids]
    assert found.count(Status.SENT) == CALLS
    assert found.count(Status.SCHEDULED) == len(ids) - CALLS
    monkeypatch.undo()
    shop.work()
    assert {shop.status(id_) for id_ in ids} == {Status.SENT}


def test_one_bad_row_does_not_stop_the_batch(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, body=str(n)) for n in range(3)]
    shop.look_now(ids[1], channel="fax")

    shop.work()

    assert [shop.message(id_).status for id_ in ids] == ["sent", "scheduled", "sent"]
    assert f"message {ids[1]} of organization {shop.id}: put off" in caplog.text
    assert 50 < -ago(shop.due_at(ids[1])) <= 60


def test_an_answer_that_can_not_be_written_does_not_lose_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, body=str(n)) for n in range(3)]
    apply = outcomes._apply

    def picky(message: Message, *rest: Any) -> None:
        if message.id == ids[1]:
            raise RuntimeError("boom")
        apply(message, *rest)

    monkeypatch.setattr(outcomes, "_apply", picky)

    shop.work()

    assert [shop.status(id_) for id_ in ids] == [Status.SENT, Status.SUBMITTING, Status.SENT]


def test_a_deleted_customer_leaves_no_due_work(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer(), in_=3600)

    with shop.inside():
        delete_customer(sari)

    assert shop.due_at(id_) is None


def test_due_work_of_a_message_that_is_gone_is_forgotten(shop: Shop) -> None:
    with shop.inside(), transaction():
        due.put_off("message", [999], clock.utcnow() - dt.timedelta(seconds=1))

    shop.work()

    assert shop.due_at(999) is None


# Many at once.


def at_once(shop: Shop, *works: Callable[[], object]) -> list[object]:
    """Run functions in threads, each with its own session, and return what they returned or raised."""
    results: list[object] = [None] * len(works)
    barrier = threading.Barrier(len(works))

    def run(place: int) -> None:
        with shop.inside():
            barrier.wait()
            try:
                results[place] = works[place]()
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.parametrize("verb", [services.cancel_message, services.mark_done])
def test_a_change_that_races_with_the_worker_wins_or_is_refused(shop: Shop, verb: Callable[[int], Message]) -> None:
    sari = shop.customer()
    for _ in range(12):
        id_ = shop.schedule(sari)

        answer, _ = at_once(shop, lambda id_=id_: verb(id_), lambda: deliver.deliver_batch(shop.id))
        shop.work()

        sent = shop.status(id_) is Status.SENT
        assert len(shop.attempts(id_)) == sent
        if verb is services.cancel_message:
            assert isinstance(answer, ConflictError) == sent
        assert shop.next_at(sari) is None


def test_customers_are_deleted_while_their_messages_are_sent(shop: Shop) -> None:
    for _ in range(12):
        sari = shop.customer()
        for n in range(10):
            shop.schedule(sari, body=str(n))

        answers = at_once(shop, lambda sari=sari: delete_customer(sari), lambda: deliver.deliver_batch(shop.id))

        assert answers[0] is None
        assert answers[1] in (0, 10)
    shop.work()
    with shop.inside():
        assert db.session.scalar(sa.select(sa.func.count(Message.id))) == 0
        assert db.session.scalar(sa.select(sa.func.count(due.DueWork.subject_id))) == 0


def test_many_changes_of_one_customers_messages_at_once_leave_the_right_next_one(shop: Shop) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, in_=60 * n) for n in range(1, 9)]

    def schedule(n: int) -> Callable[[], object]:
        at = clock.utcnow() + dt.timedelta(hours=n)
        return lambda: services.schedule_message(sari, SMS, "x", at).id

    def cancel(id_: int) -> Callable[[], object]:
        return lambda: services.cancel_message(id_).id

    answers = at_once(shop, *(cancel(id_) for id_ in ids), *(schedule(n) for n in range(2, 10)))

    assert all(isinstance(answer, int) for answer in answers)
    with shop.inside():
        earliest = db.session.scalar(sa.select(sa.func.min(Message.send_at)).where(Message.status == "scheduled"))
    assert shop.next_at(sari) == earliest


def test_batches_at_once_share_the_work(shop: Shop) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, body=str(n)) for n in range(60)]

    answers = at_once(shop, *(lambda: deliver.deliver_batch(shop.id) for _ in range(4)))
    shop.work()

    assert all(isinstance(answer, int) for answer in answers)
    assert [len(shop.attempts(id_)) for id_ in ids] == [1] * len(ids)
    assert {shop.status(id_) for id_ in ids} == {Status.SENT}
