"""What providers report: genuine or not, in any order, twice, early, late, and before the call's own answer."""

from __future__ import annotations

import datetime as dt
import importlib
import itertools
import json
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from crm.accounts.models import Organization
from crm.delivery import jobs, recipients, reports
from crm.delivery.models import Report
from crm.delivery.outcomes import record
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.messages import status_order
from crm.messages.channels.sms import SMS
from crm.messages.models import Attempt, Message
from crm.messages.rules import OPEN, Status
from crm.messages.suppression_models import Suppression
from crm.providers.base import Answer, Call, Outcome
from crm.providers.console.gateway import Console
from crm.providers.twilio.gateway import Twilio
from crm.values import clock
from crm.web import signed
from tests.factories import make_attempt
from tests.messages.provider import VERIFY, Provider, metadata, status
from tests.messages.shop import E164, Shop

Say = Callable[..., TestResponse]


class Sent:
    """A message that a provider took, and the attempt."""

    def __init__(self, shop: Shop, gateway: str = "twilio", **values: object) -> None:
        self.shop = shop
        with shop.inside():
            self.customer = shop.customer()
            self.attempt = make_attempt(gateway, customer_id=self.customer, **values)
            self.message = db.session.get_one(Attempt, self.attempt).message_id

    @property
    def row(self) -> Message:
        return self.shop.message(self.message)

    @property
    def status(self) -> Status:
        return self.row.status


@pytest.fixture
def sent(shop: Shop) -> Sent:
    return Sent(shop)


def stored(shop: Shop) -> list[tuple[str, bool]]:
    """Return the words that were stored, and whether they are applied."""
    with shop.inside():
        rows = db.session.scalars(sa.select(Report).order_by(Report.id))
        return [(row.word, row.applied_at is not None) for row in rows]


# Genuine or not.


@pytest.mark.parametrize(
    "how",
    [{"token": "another"}, {"token": ""}, {"url": "http://crm.example.org"}, {"url": "https://elsewhere.example"}],
    ids=["token", "empty token", "scheme", "host"],
)
def test_a_forged_report_of_twilio_is_refused_and_not_stored(
    shop: Shop, provider: Provider, sent: Sent, how: dict[str, str]
) -> None:
    answer = provider.twilio_status(sent.attempt, "delivered", **how)

    assert answer.status_code == 403
    assert "signature does not fit" in answer.text
    assert (stored(shop), sent.status) == ([], Status.ACCEPTED)


def test_one_word_more_in_a_signed_report_of_twilio_is_a_forgery(shop: Shop, provider: Provider, sent: Sent) -> None:
    genuine = provider.twilio_status(sent.attempt, "sent")
    headers = {"X-Twilio-Signature": genuine.request.headers["X-Twilio-Signature"]}
    form = {"MessageSid": f"SM{sent.attempt}", "MessageStatus": "delivered", "AccountSid": "AC1", "To": "+62812"}

    answer = provider.app.test_client().post(f"/webhooks/twilio/status/{sent.attempt}", data=form, headers=headers)

    assert (answer.status_code, sent.status) == (403, Status.SENT)


@pytest.mark.parametrize("secret", ["another", ""])
def test_a_forged_report_of_meta_is_refused_and_not_stored(shop: Shop, provider: Provider, secret: str) -> None:
    sent = Sent(shop, "whatsapp_cloud", channel="whatsapp")

    answer = provider.meta_status(sent.attempt, "delivered", secret=secret)

    assert (answer.status_code, stored(shop), sent.status) == (403, [], Status.ACCEPTED)


@pytest.mark.parametrize("signature", ["", "sha256=", "sha1=00", "é", "sha256=" + "0" * 64])
def test_odd_signatures_of_meta_are_refused(shop: Shop, provider: Provider, signature: str) -> None:
    sent = Sent(shop, "whatsapp_cloud", channel="whatsapp")
    raw = json.dumps(
        {"entry": [{"changes": [{"field": "messages", "value": {"statuses": [status(sent.attempt, "read")]}}]}]}
    )
    headers = {"X-Hub-Signature-256": signature.encode().decode("latin-1")}
    assert provider.app.test_client().post("/webhooks/whatsapp", data=raw, headers=headers).status_code == 403


def test_without_a_secret_nothing_is_genuine(shop: Shop, provider: Provider, sent: Sent) -> None:
    provider.app.config.update(TWILIO_AUTH_TOKEN="", WHATSAPP_APP_SECRET="")
    assert provider.twilio_status(sent.attempt, "delivered", token="").status_code == 403
    assert provider.meta_status(sent.attempt, "delivered", secret="").status_code == 403


def test_an_unknown_attempt_is_not_found(shop: Shop, provider: Provider, sent: Sent) -> None:
    assert provider.twilio_status(sent.attempt + 1, "delivered").status_code == 404
    assert provider.meta_status(sent.attempt + 1, "delivered").status_code == 404
    assert stored(shop) == []


def test_who_forges_again_and_again_is_told_to_wait_and_the_genuine_is_heard(
    shop: Shop, provider: Provider, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed, "MAX_FORGED", 5)
    answers = [provider.twilio_status(sent.attempt, "sent", token="x").status_code for _ in range(7)]
    assert answers == [403] * 5 + [429] * 2
    assert provider.twilio_status(sent.attempt, "delivered").status_code == 204
    assert sent.status is Status.DELIVERED


def test_what_is_signed_waits_for_a_busy_database(
    shop: Shop, provider: Provider, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.set(sms_gateway="twilio", whatsapp_gateway="whatsapp_cloud")
    others = Sent(shop, "whatsapp_cloud", channel="whatsapp")
    database = importlib.import_module("crm.kernel.db")
    nobody_may_wait = threading.BoundedSemaphore(1)
    nobody_may_wait.acquire()
    monkeypatch.setattr(database, "_writers", nobody_may_wait)
    monkeypatch.setattr(database._waits, "are_long", lambda: True)

    assert provider.twilio_status(sent.attempt, "delivered").status_code == 204
    assert provider.meta_status(others.attempt, "delivered").status_code == 200
    assert provider.twilio_text("STOP", E164).status_code == 200

    assert [sent.status, others.status] == [Status.DELIVERED, Status.DELIVERED]
    with shop.inside():
        assert db.session.scalars(sa.select(Suppression.address)).all() == [E164]


# What they say.


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", Status.ACCEPTED),
        ("sending", Status.ACCEPTED),
        ("sent", Status.SENT),
        ("delivered", Status.DELIVERED),
        ("read", Status.READ),
        ("undelivered", Status.UNDELIVERED),
        ("failed", Status.FAILED),
        ("receiving", Status.ACCEPTED),
        ("never heard of", Status.ACCEPTED),
    ],
)
def test_twilios_words_are_our_states(shop: Shop, provider: Provider, sent: Sent, word: str, state: Status) -> None:
    assert provider.twilio_status(sent.attempt, word).status_code == 204
    assert sent.status is state
    assert stored(shop) == [(word, True)]


@pytest.mark.parametrize(
    ("word", "state"),
    [("sent", Status.SENT), ("delivered", Status.DELIVERED), ("read", Status.READ), ("failed", Status.FAILED)],
)
def test_metas_words_are_our_states(shop: Shop, provider: Provider, word: str, state: Status) -> None:
    sent = Sent(shop, "whatsapp_cloud", channel="whatsapp")
    assert provider.meta_status(sent.attempt, word).status_code == 200
    assert sent.status is state


def test_why_it_did_not_arrive_is_said_and_somebody_is_told(shop: Shop, provider: Provider, sent: Sent) -> None:
    provider.twilio_status(sent.attempt, "undelivered", "30003")

    assert sent.row.reason == "The phone is switched off or can't be reached."
    assert sent.row.needs_a_person
    assert shop.attempts(sent.message)[0].error_code == "30003"
    with shop.inside(), transaction() as session:
        session.get_one(Message, sent.message).send_at = clock.utcnow()
    page = shop.browser().get("/").text
    assert "The phone is switched off or can&#39;t be reached." in page


def test_times_of_arrival_and_reading_are_shown(shop: Shop, provider: Provider) -> None:
    sent = Sent(shop, "whatsapp_cloud", channel="whatsapp")
    at = int(clock.utcnow().timestamp()) - 3600
    said = [status(sent.attempt, "read", at=at + 60), status(sent.attempt, "delivered", at=at)]

    provider.meta({"metadata": metadata(), "statuses": said})

    row = sent.row
    assert row.status is Status.READ
    assert row.delivered_at == dt.datetime.fromtimestamp(at, dt.UTC)
    assert row.read_at == dt.datetime.fromtimestamp(at + 60, dt.UTC)
    page = shop.browser().get(f"/customers/{sent.customer}").text
    assert "</time> <span>Delivered.</span>" in page
    assert "</time> <span>Read.</span>" in page


def test_it_is_an_event_and_the_next_message_follows(shop: Shop, provider: Provider) -> None:
    sent = Sent(shop, status="unknown", handed_over_at=None)
    with shop.inside(), transaction():
        reports.refresh_next([sent.customer])
    assert shop.next_at(sent.customer) is not None

    provider.twilio_status(sent.attempt, "delivered")

    assert shop.next_at(sent.customer) is None
    assert sent.row.handed_over_at is not None
    assert shop.events(sent.customer)[-1] == ("message.delivered", None)


def test_opted_out_at_the_provider_puts_the_number_on_the_list(shop: Shop, provider: Provider) -> None:
    sent = Sent(shop)
    pending = shop.schedule(sent.customer, in_=3600)

    provider.twilio_status(sent.attempt, "failed", "21610")

    assert [sent.status, shop.status(pending)] == [Status.SUPPRESSED, Status.SUPPRESSED]
    with shop.inside():
        row = db.session.scalars(sa.select(Suppression)).one()
        assert (row.address, row.source) == (E164, "provider")


# Any order, twice, late.


@pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sent", "delivered"])), ids=",".join)
def test_any_order_comes_to_the_same_end(shop: Shop, provider: Provider, sent: Sent, order: tuple[str, ...]) -> None:
    for word in (*order, *order):
        assert provider.twilio_status(sent.attempt, word).status_code == 204
    assert sent.status is Status.DELIVERED
    assert len(stored(shop)) == 3


@pytest.mark.parametrize("first", ["delivered", "read"])
@pytest.mark.parametrize("then", ["undelivered", "failed", "sent", "queued"])
def test_nothing_takes_back_what_arrived(shop: Shop, provider: Provider, sent: Sent, first: str, then: str) -> None:
    provider.twilio_status(sent.attempt, first)
    provider.twilio_status(sent.attempt, then, "30003")
    assert sent.status == first
    assert sent.row.reason == ""


@pytest.mark.parametrize(
    "before", [Status.UNKNOWN, Status.UNCONFIRMED, Status.NO_REPORT, Status.UNDELIVERED, Status.FAILED]
)
def test_days_late_it_still_counts(shop: Shop, provider: Provider, before: Status) -> None:
    sent = Sent(shop, status=before.value, reason="We could not confirm this message.")
    provider.twilio_status(sent.attempt, "delivered")
    assert (sent.status, sent.row.reason) == (Status.DELIVERED, "")


@pytest.mark.parametrize("before", [Status.DONE, Status.CANCELED])
def test_what_a_person_said_stays_and_the_arrival_is_kept(shop: Shop, provider: Provider, before: Status) -> None:
    sent = Sent(shop, status=before.value)
    provider.twilio_status(sent.attempt, "delivered")
    assert sent.status is before
    assert sent.row.delivered_at is not None


def test_good_news_of_an_earlier_attempt_stops_the_next_and_bad_news_does_not(shop: Shop, provider: Provider) -> None:
    good, bad = Sent(shop, status="scheduled"), Sent(shop, status="scheduled")
    for one in (good, bad):
        with shop.inside(), transaction():
            reports.look_at({one.message: clock.utcnow()})
    provider.twilio_status(good.attempt, "delivered")
    provider.twilio_status(bad.attempt, "failed")
    assert [good.status, bad.status] == [Status.DELIVERED, Status.SCHEDULED]
    assert shop.due_at(good.message) is None
    assert shop.due_at(bad.message) is not None


def test_bad_news_of_an_earlier_attempt_is_no_news(shop: Shop, provider: Provider, sent: Sent) -> None:
    with shop.inside(), transaction() as session:
        again = Attempt(
            message_id=sent.message, claim_token="1", gateway="twilio", channel="sms", recipient=E164, body="x"
        )
        session.add(again)
    provider.twilio_status(sent.attempt, "failed")
    assert sent.status is Status.ACCEPTED


@pytest.mark.parametrize("late", ["queued", "sent", "failed"])
def test_sending_again_is_not_stopped_by_old_news(shop: Shop, provider: Provider, late: str) -> None:
    sent = Sent(shop, send_at=clock.utcnow())
    provider.twilio_status(sent.attempt, "undelivered")
    assert shop.browser().post(f"/messages/{sent.message}/resend").status_code == 303
    assert sent.status is Status.SCHEDULED

    provider.twilio_status(sent.attempt, late)
    assert sent.status is Status.SCHEDULED
    provider.twilio_status(sent.attempt, "delivered")
    assert sent.status is Status.DELIVERED


@pytest.mark.parametrize("state", list(Status))
@pytest.mark.parametrize("word", sorted(status_order.GOOD | {Status.FAILED, Status.UNDELIVERED}))
def test_a_report_never_moves_a_message_back(state: Status, word: Status) -> None:
    moved = status_order.moves(state, word, is_last=True)
    assert not moved or status_order.ORDER[word] > status_order.ORDER[state]
    assert not (moved and state in (Status.DONE, Status.CANCELED))
    assert not (moved and word not in status_order.GOOD and state in (Status.DELIVERED, Status.READ, Status.SCHEDULED))
    assert (
        status_order.moves(state, Status.READ, is_last=False)
        or status_order.ORDER[state] >= status_order.ORDER[Status.READ]
    )
    assert OPEN.isdisjoint({Status.DELIVERED, Status.READ})


# Before the answer of the call.


@pytest.mark.parametrize("word", ["queued", "sent", "delivered", "failed"])
def test_before_the_answer_it_is_neither_lost_nor_undone(
    shop: Shop, provider: Provider, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report comes while the call is under way; the answer, recorded later, finds its token gone."""
    id_ = shop.schedule(shop.customer())
    heard = []

    def send(gateway: object, call: object) -> object:
        attempt_id = call.attempt_id  # type: ignore[attr-defined]
        with provider.app.app_context(), shop.inside(), transaction() as session:
            session.get_one(Attempt, attempt_id).gateway = "twilio"
            if not recipients.owners_of_attempts([attempt_id]):
                recipients.keep_recipients({attempt_id: E164})
        heard.append(provider.twilio_status(attempt_id, word).status_code)
        return console(gateway, call)

    console = Console.send
    monkeypatch.setattr(Console, "send", send)
    shop.work()

    expected = {"queued": Status.ACCEPTED, "sent": Status.SENT, "delivered": Status.DELIVERED, "failed": Status.FAILED}
    assert heard == [204]
    assert shop.status(id_) is expected[word]
    (attempt,) = shop.attempts(id_)
    assert attempt.outcome == "accepted"
    assert shop.message(id_).handed_over_at is not None or word == "failed"


@pytest.mark.parametrize("word", ["sent", "delivered", "undelivered"])
def test_at_the_very_moment_of_the_answer_it_comes_to_the_same_end(shop: Shop, provider: Provider, word: str) -> None:
    for number in range(5):
        token = f"{number}" * 32
        sent = Sent(shop, status="submitting", handed_over_at=None, claim_token=token, lease_until=shop.soon())
        call = Call(sent.attempt, sent.message, "twilio", SMS, E164, "Your cake is ready")
        start = threading.Barrier(2)

        def answered(call: Call = call, token: str = token, start: threading.Barrier = start) -> None:
            start.wait()
            with provider.app.app_context(), use_organization(shop.id):
                record([(call, Outcome(Answer.ACCEPTED, provider_id=f"SM{call.attempt_id}"))], token)

        thread = threading.Thread(target=answered)
        thread.start()
        start.wait()
        assert provider.twilio_status(sent.attempt, word).status_code == 204
        thread.join()

        assert sent.status == word
        (attempt,) = shop.attempts(sent.message)
        assert (attempt.outcome, attempt.provider_id) == ("accepted", f"SM{sent.attempt}")
        assert shop.due_at(sent.message) is None


def test_an_answer_that_was_lost_takes_nothing_back(shop: Shop, provider: Provider) -> None:
    sent = Sent(shop, status="submitting", handed_over_at=None, claim_token="1" * 32, lease_until=shop.soon())
    call = Call(sent.attempt, sent.message, "twilio", SMS, E164, "Your cake is ready")
    provider.twilio_status(sent.attempt, "queued")
    with shop.inside():
        record([(call, Outcome(Answer.UNKNOWN, sentence="Twilio did not answer."))], "1" * 32)
    assert sent.status is Status.ACCEPTED
    assert shop.attempts(sent.message)[0].provider_id == f"SM{sent.attempt}"


def test_a_real_gateways_attempt_is_found_by_its_report(
    shop: Shop, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.inside(), transaction() as session:
        session.execute(sa.update(Organization).where(Organization.id == shop.id).values(sms_gateway="twilio"))
    monkeypatch.setattr(Twilio, "send", lambda gateway, call: Outcome(Answer.ACCEPTED, provider_id="SM1"))
    id_ = shop.schedule(shop.customer())
    shop.work()
    assert shop.status(id_) is Status.ACCEPTED
    assert shop.due_at(id_) is not None

    (attempt,) = shop.attempts(id_)
    assert provider.twilio_status(attempt.id, "delivered").status_code == 204

    assert shop.status(id_) is Status.DELIVERED
    assert shop.due_at(id_) is None


def test_many_at_once_are_stored_once_and_applied_once(shop: Shop, provider: Provider, sent: Sent) -> None:
    words = ["queued", "sent", "delivered"] * 4
    threads = [threading.Thread(target=provider.twilio_status, args=(sent.attempt, word)) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with provider.app.app_context():
        jobs.apply_reports()
    assert sent.status is Status.DELIVERED
    assert sorted(stored(shop)) == [("delivered", True), ("queued", True), ("sent", True)]
    assert [name for name, _ in shop.events(sent.customer)].count("message.delivered") == 1


# Stored first, applied second.


def test_what_could_not_be_applied_is_applied_by_the_worker(
    shop: Shop, provider: Provider, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(reports, "apply", broken)
        assert provider.twilio_status(sent.attempt, "delivered").status_code == 204
    assert (stored(shop), sent.status) == ([("delivered", False)], Status.ACCEPTED)

    past = clock.utcnow() - dt.timedelta(seconds=1)
    with shop.inside(), transaction() as session:
        session.execute(sa.update(DueWork).where(DueWork.kind == reports.KIND).values(due_at=past))
    with provider.app.app_context():
        assert jobs.apply_reports()
        assert not jobs.apply_reports()

    assert (stored(shop), sent.status) == ([("delivered", True)], Status.DELIVERED)


def broken(ids: object) -> None:
    raise RuntimeError("the process died here")


def test_a_customer_who_is_deleted_takes_the_reports_along(shop: Shop, provider: Provider, sent: Sent) -> None:
    provider.twilio_status(sent.attempt, "sent")
    shop.browser().post(f"/customers/{sent.customer}/delete")
    assert provider.twilio_status(sent.attempt, "delivered").status_code == 404
    assert stored(shop) == []


# Garbage.


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"[]", b"{}", b'"a"', b'{"entry": 1}', b"[" * 100_000, b"\xff\xfe", b"null"]
)
def test_what_meta_never_sends_is_refused_in_words(shop: Shop, provider: Provider, raw: bytes) -> None:
    answer = provider.meta_raw(raw)
    assert answer.status_code == 400
    assert "The body has to be" in answer.text


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"statuses": "x", "messages": {}},
        {"statuses": [None, 1, {}, {"id": 1, "status": [], "biz_opaque_callback_data": {}}]},
        {"messages": [{"id": "a", "from": {}}, {"id": "a", "from": "62812x"}, {"from": "1"}], "metadata": []},
        {"statuses": [{"id": "w", "status": "read", "biz_opaque_callback_data": "1e3"}]},
        {"statuses": [{"id": "w", "status": "read", "biz_opaque_callback_data": "9" * 30}]},
        {"messages": [{"id": "\x00\ud800", "from": "1" * 400, "type": {}, "timestamp": "9" * 30}]},
    ],
)
def test_odd_parts_of_a_signed_request_are_left_out(shop: Shop, provider: Provider, value: dict[str, object]) -> None:
    assert provider.meta(value).status_code == 200
    assert stored(shop) == []


def test_odd_values_of_a_report_are_kept_short(shop: Shop, provider: Provider) -> None:
    sent = Sent(shop, "whatsapp_cloud", channel="whatsapp")
    odd = {
        **status(sent.attempt, "failed"),
        "id": "w" * 5_000,
        "timestamp": "99999999999",
        "errors": [{"code": "\x00" * 50}],
    }
    assert provider.meta({"statuses": [odd]}).status_code == 200
    assert sent.status is Status.FAILED


@pytest.mark.parametrize(
    "form", [{}, {"MessageSid": "SM1"}, {"MessageStatus": "sent"}, {"MessageSid": "\x00", "MessageStatus": "sent"}]
)
def test_a_report_of_twilio_without_its_parts_is_refused(
    shop: Shop, provider: Provider, sent: Sent, form: dict[str, str]
) -> None:
    answer = provider.twilio(f"/webhooks/twilio/status/{sent.attempt}", form)
    assert answer.status_code == 400
    assert "MessageSid" in answer.text


def test_as_much_as_meta_may_send_at_once_is_heard(shop: Shop, provider: Provider) -> None:
    sent = Sent(shop, "whatsapp_cloud", channel="whatsapp")
    other = {"id": "1", "changes": [{"field": "messages", "value": {"x": "y" * 2_900_000}}]}
    ours = {"id": "1", "changes": [{"field": "messages", "value": {"statuses": [status(sent.attempt, "read")]}}]}
    assert provider.meta_raw(json.dumps({"entry": [other, ours]}).encode()).status_code == 200
    assert sent.status is Status.READ


def test_more_statuses_than_meta_sends_at_once_are_refused(shop: Shop, provider: Provider) -> None:
    answer = provider.meta({"statuses": [status(number, "sent") for number in range(1, 1_002)]})
    assert (answer.status_code, "at most 1,000" in answer.text) == (400, True)


def test_what_is_too_large_is_refused(shop: Shop, provider: Provider, sent: Sent) -> None:
    large = "x" * (1024 * 1024 + 1)
    assert provider.meta_raw(3 * large.encode()).status_code == 413
    form = {"MessageSid": "SM1", "MessageStatus": "sent", "Body": large}
    assert provider.twilio(f"/webhooks/twilio/status/{sent.attempt}", form).status_code == 413
    assert provider.twilio("/webhooks/twilio/inbound", form).status_code == 413


# Another organization's.


def test_a_report_reaches_the_attempts_own_organization_alone(shop: Shop, stranger: Shop, provider: Provider) -> None:
    theirs, ours = Sent(stranger), Sent(shop)
    provider.twilio_status(theirs.attempt, "delivered")
    assert [ours.status, theirs.status] == [Status.ACCEPTED, Status.DELIVERED]
    assert (stored(shop), len(stored(stranger))) == ([], 1)


def test_one_request_of_meta_may_speak_of_several_organizations(shop: Shop, stranger: Shop, provider: Provider) -> None:
    both = [Sent(one, "whatsapp_cloud", channel="whatsapp") for one in (shop, stranger)]
    provider.meta({"statuses": [status(one.attempt, "delivered") for one in both]})
    assert [one.status for one in both] == [Status.DELIVERED, Status.DELIVERED]


def test_an_organization_with_its_own_account_is_heard_by_its_own_secret_alone(
    shop: Shop, stranger: Shop, provider: Provider
) -> None:
    stranger.set(twilio_account_sid="AC" + "1" * 32, twilio_auth_token="their-own-token-of-twilio")
    stranger.set(whatsapp_app_secret="their-own-secret-of-meta")
    theirs, ours = Sent(stranger), Sent(shop)
    by_meta = [Sent(one, "whatsapp_cloud", channel="whatsapp") for one in (shop, stranger)]

    assert provider.twilio_status(theirs.attempt, "delivered").status_code == 403
    assert provider.twilio_status(ours.attempt, "delivered", token="their-own-token-of-twilio").status_code == 403
    provider.meta({"statuses": [status(one.attempt, "delivered") for one in by_meta]})
    assert [one.status for one in by_meta] == [Status.DELIVERED, Status.ACCEPTED]
    provider.meta({"statuses": [status(one.attempt, "read") for one in by_meta]}, secret="their-own-secret-of-meta")
    assert [one.status for one in by_meta] == [Status.DELIVERED, Status.READ]
    assert [ours.status, theirs.status] == [Status.ACCEPTED, Status.ACCEPTED]

    assert provider.twilio_status(theirs.attempt, "read", token="their-own-token-of-twilio").status_code == 204
    assert theirs.status is Status.READ


# Meta asks whether the address is ours.


def test_meta_may_subscribe_with_the_token(shop: Shop, provider: Provider) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "<b>12345"}
    answer = provider.app.test_client().get("/webhooks/whatsapp", query_string=query)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "<b>12345", "text/plain")


def test_meta_may_subscribe_with_an_organizations_own_token(shop: Shop, provider: Provider) -> None:
    shop.set(whatsapp_gateway="whatsapp_cloud", whatsapp_verify_token="our-own-word-for-meta")
    query = {"hub.mode": "subscribe", "hub.verify_token": "our-own-word-for-meta", "hub.challenge": "1"}
    assert provider.app.test_client().get("/webhooks/whatsapp", query_string=query).status_code == 200


@pytest.mark.parametrize("query", [{}, {"hub.mode": "subscribe"}, {"hub.mode": "subscribe", "hub.verify_token": "x"}])
def test_nobody_else_may(shop: Shop, provider: Provider, query: dict[str, str]) -> None:
    assert provider.app.test_client().get("/webhooks/whatsapp", query_string=query).status_code == 403
    provider.app.config["WHATSAPP_VERIFY_TOKEN"] = ""
    query = {"hub.mode": "subscribe", "hub.verify_token": ""}
    assert provider.app.test_client().get("/webhooks/whatsapp", query_string=query).status_code == 403
