"""Campaigns: whom they go to, once; pausing, stopping and sending again; and sums that always add up."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.campaigns import jobs as campaign_jobs
from crm.campaigns.models import Campaign
from crm.campaigns.rules import State
from crm.campaigns.services import schedule
from crm.consents.footers import with_footer
from crm.customers.models import Customer
from crm.customers.rules import Consent, MessagePurpose
from crm.customers.services import archive_customer, edit_customer
from crm.delivery import jobs
from crm.delivery.send_policy import too_often
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.messages import warm_up
from crm.messages.channels.sms import SMS
from crm.messages.checks import FOOTER
from crm.messages.frequency import had_enough, offers_had
from crm.messages.models import Attempt, Message
from crm.messages.rules import Answer, Status
from crm.values import clock
from tests.campaigns.shop import Shop
from tests.factories import make_branch, make_template

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTMX = {"HX-Request": "true"}


def test_it_goes_once_to_each_who_can_be_reached_and_says_why_not_to_the_others(shop: Shop) -> None:
    ani = shop.customer(name="Ani", city="Bandung")
    shop.customer(name="Twin of Ani", phone="0812 9000 0001", city="Bandung")
    shop.customer(name="Budi", city="Bandung", marketing_sms=Consent.NOT_ASKED)
    shop.customer(name="Citra", phone="12", city="Bandung")
    dewi = shop.customer(name="Dewi", city="Bandung")
    shop.customer(name="Eka", city="Bogor")
    campaign = shop.campaign(shop.segment(city="bandung"))
    page = shop.client.get(f"/campaigns/{campaign}").text
    assert "5 customers" in page
    assert "3 can be reached by SMS." in page
    assert "Hi Ani, we miss you." in page
    assert "3 SMS in all." in page
    assert shop.sums(campaign) == {}
    assert shop.say(campaign, "schedule") == 303
    assert shop.row(campaign).state is State.SCHEDULED
    shop.turns()
    assert shop.row(campaign).state is State.SENDING
    skipped = {"skipped": 3, "skipped:no_consent": 1, "skipped:no_address": 1, "skipped:same_address": 1}
    assert shop.sums(campaign) == {"waiting": 2, **skipped}
    shop.work()
    assert shop.row(campaign).state is State.DONE
    assert shop.sums(campaign) == {"handed_over": 2, **skipped}
    assert [(row.customer_id, row.body, row.purpose) for row in shop.messages()] == [
        (ani, "Hi Ani, we miss you.", "marketing"),
        (dewi, "Hi Dewi, we miss you.", "marketing"),
    ]
    page = shop.client.get(f"/campaigns/{campaign}").text
    assert "5 recipients" in page
    assert "No consent: <bdi>1</bdi>" in page
    listed = shop.client.get(f"/campaigns/{campaign}/recipients?state=skipped").text
    assert re.findall(r'data-state="skipped"', listed) == ['data-state="skipped"'] * 3
    assert "Somebody else with the same address gets it" in listed
    assert "Dewi" not in listed
    assert "There is no state “zzz”." in shop.client.get(f"/campaigns/{campaign}/recipients?state=zzz").text


@SQLITE
def test_the_audience_is_frozen_and_a_later_withdrawal_is_honoured(shop: Shop) -> None:
    ani, budi, citra, dewi = (shop.customer(city="Bandung") for _ in range(4))
    campaign = shop.campaign(shop.segment(city="Bandung"))
    shop.say(campaign, "schedule")
    shop.turns(1)
    with shop.owner.acting():
        edit_customer(ani, {"city": "Bogor"})
        edit_customer(budi, {"marketing_sms": Consent.WITHDRAWN})
    shop.customer(city="Bandung")
    shop.turns()
    with shop.owner.acting():
        edit_customer(citra, {"marketing_sms": Consent.WITHDRAWN})
        archive_customer(dewi)
    shop.work()
    skipped = {"skipped": 3, "skipped:withdrawn": 2, "skipped:archived": 1}
    assert shop.sums(campaign) == {"handed_over": 1, **skipped}
    assert [row.customer_id for row in shop.messages() if row.handed_over_at] == [ani]
    assert shop.row(campaign).state is State.DONE


def test_pause_holds_resume_sends_and_stop_cancels(shop: Shop) -> None:
    for _ in range(5):
        shop.customer()
    campaign = shop.campaign()
    assert shop.say(campaign, "pause") == 409
    shop.say(campaign, "schedule")
    shop.turns()
    assert shop.say(campaign, "pause") == 303
    shop.deliver()
    assert {row.status for row in shop.messages()} == {Status.HELD}
    assert "The campaign is paused." in shop.client.get(f"/campaigns/{campaign}/recipients").text
    assert shop.sums(campaign) == {"waiting": 5}
    assert shop.say(campaign, "resume") == 303
    shop.turns()
    with shop.owner.app.app_context():
        jobs.deliver_organization(shop.owner.organization_id)
    shop.work()
    assert shop.sums(campaign) == {"handed_over": 5}
    assert shop.row(campaign).state is State.DONE
    assert shop.say(campaign, "stop") == 409

    other = shop.campaign(name="Other")
    shop.say(other, "schedule")
    shop.turns(2)
    shop.say(other, "pause")
    assert "5 customers get nothing." in shop.client.get(f"/campaigns/{other}/stop").text
    assert shop.say(other, "stop") == 303
    assert shop.sums(other) == {"stopped": 5}
    shop.work()
    assert shop.sums(other) == {"stopped": 5}
    assert {row.status for row in shop.messages()[5:]} == {Status.CANCELED}
    assert shop.say(other, "retry") == 409


@SQLITE
def test_a_long_campaign_is_made_in_blocks_and_stops_between_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.campaigns.sending.BLOCK", 3)
    monkeypatch.setattr("crm.campaigns.turns.BLOCK", 3)
    for _ in range(8):
        shop.customer()
    campaign = shop.campaign()
    shop.say(campaign, "schedule")
    shop.turns(2)
    assert (len(shop.messages()), shop.sums(campaign)) == (3, {"waiting": 8})
    shop.say(campaign, "stop")
    shop.work()
    assert (len(shop.messages()), shop.sums(campaign)) == (3, {"stopped": 8})


def test_only_what_failed_for_a_passing_reason_is_sent_again(shop: Shop) -> None:
    ids = [shop.customer() for _ in range(5)]
    campaign = shop.campaign()
    shop.say(campaign, "schedule")
    shop.work()
    assert shop.say(campaign, "retry") == 303
    first = shop.messages()
    gone = {ids[0]: Answer.PERMANENT, ids[1]: Answer.NO_CONNECTION, ids[2]: Answer.DEFERRED, ids[3]: Answer.UNKNOWN}
    for message in first:
        if message.customer_id in gone:
            status = Status.UNCONFIRMED if message.customer_id == ids[3] else Status.FAILED
            shop.change(Message, message.id, status=status, handed_over_at=None)
            with shop.owner.acting():
                attempt = db.session.scalars(sa.select(Attempt.id).where(Attempt.message_id == message.id)).one()
            shop.change(Attempt, attempt, outcome=gone[message.customer_id])
    assert shop.sums(campaign) == {"handed_over": 1, "failed": 3, "could_not_confirm": 1}
    assert "Retry 2 failed" in shop.client.get(f"/campaigns/{campaign}").text
    assert shop.say(campaign, "retry") == 303
    assert shop.row(campaign).state is State.SENDING
    assert shop.sums(campaign) == {"handed_over": 1, "failed": 1, "could_not_confirm": 1, "waiting": 2}
    shop.work()
    assert shop.sums(campaign) == {"handed_over": 3, "failed": 1, "could_not_confirm": 1}
    assert [row.id for row in shop.messages()] == [row.id for row in first]
    assert shop.row(campaign).state is State.DONE


@SQLITE
def test_it_does_not_start_half_a_day_late_or_without_a_segment_and_asks(shop: Shop) -> None:
    shop.customer()
    tomorrow = clock.to_local(clock.utcnow() + dt.timedelta(days=1), clock.zone("Asia/Jakarta"))
    campaign = shop.campaign(send_at=f"{tomorrow:%Y-%m-%dT%H:%M}")
    shop.say(campaign, "schedule")
    shop.turns()
    assert shop.row(campaign).state is State.SCHEDULED
    shop.change(Campaign, campaign, send_at=clock.utcnow() - dt.timedelta(hours=13))
    shop.turns()
    row = shop.row(campaign)
    assert (row.state, shop.messages()) == (State.DRAFT, [])
    assert "passed without it being started" in shop.client.get(f"/campaigns/{campaign}").text
    late = shop.client.post(f"/campaigns/{campaign}/schedule")
    assert (late.status_code, "This time has passed." in late.text) == (422, True)
    shop.change(Campaign, campaign, send_at=None)
    shop.say(campaign, "schedule")
    shop.change(Campaign, campaign, segment_id=999)
    shop.turns()
    assert shop.row(campaign).state is State.DRAFT
    assert "The segment was deleted." in shop.client.get(f"/campaigns/{campaign}").text


@SQLITE
def test_what_is_missing_is_said_and_nothing_typed_is_lost(shop: Shop) -> None:
    segment = shop.segment()
    wrong = {
        "name": ("", "Enter a name for the campaign."),
        "segment": ("999", "Choose the segment to write to."),
        "channel": ("fax", "Choose SMS, WhatsApp or E-mail."),
        "template": ("999", "Choose a template from the list."),
        "body": ("Hi {nobody}", "There is no field {nobody}."),
        "send_at": ("soon", "Enter a date and time like 2026-11-24 09:00."),
        "hold_out": ("51", "Enter a share from 0 to 50 percent."),
    }
    good = {"name": "News", "segment": str(segment), "channel": "sms", "body": "Come and see"}
    for field, (value, sentence) in wrong.items():
        answer = shop.client.post("/campaigns/new", data=good | {field: value}, headers=HTMX)
        assert (answer.status_code, sentence in answer.text) == (422, True), field
        assert field == "body" or "Come and see" in answer.text
    subject = shop.client.post("/campaigns/new", data=good | {"channel": "email"})
    assert (subject.status_code, "Write the subject." in subject.text) == (422, True)


@SQLITE
def test_a_template_is_filled_in_the_customers_language(shop: Shop) -> None:
    with shop.owner.acting():
        make_template(
            name="Sale", channel="email", subject="Sale at {organization}", body="Hello {name}", language="en"
        )
        template = make_template(
            name="Sale", channel="email", subject="Diskon di {organization}", body="Halo {name}", language="id"
        )
    agreed = {"marketing_email": Consent.GIVEN}
    shop.customer(name="Ani", email="ani@shop.example", language="id", **agreed)
    shop.customer(name="Ben", email="ben@shop.example", language="en", **agreed)
    campaign = shop.campaign(channel="email", template=str(template), body="")
    shop.say(campaign, "schedule")
    shop.turns(1)
    shop.client.post(f"/settings/templates/{template}/delete")
    shop.work()
    said = {(row.subject, row.body) for row in shop.messages()}
    assert said == {("Diskon di Shop", "Halo Ani"), ("Sale at Shop", "Hello Ben")}
    assert shop.sums(campaign) == {"handed_over": 2}


@SQLITE
def test_whatsapp_takes_approved_templates_where_the_provider_keeps_a_window(shop: Shop) -> None:
    shop.set(whatsapp_gateway="twilio")
    answer = shop.client.get(f"/campaigns/{shop.campaign(channel='whatsapp')}").text
    assert "WhatsApp delivers marketing only as an approved template." in answer


def test_the_selected_of_the_list_are_written_to(shop: Shop) -> None:
    ids = [shop.customer(name=f"Number {n}", tier="gold", city="Bandung") for n in range(12)]
    shop.customer(city="Bogor")
    assert "Write to them" in shop.client.get("/?city=Bandung").text
    answer = shop.client.post("/campaigns/write", data={"ids": [str(id_) for id_ in ids[:11]]})
    assert answer.status_code == 303
    chosen = int(answer.location.split("/")[2])
    assert "11 chosen customers" in shop.client.get(answer.location).text
    fields = {"name": "News", "segment": "", "channel": "sms", "body": "Hi"}
    assert shop.client.post(answer.location, data=fields).status_code == 303
    shop.say(chosen, "schedule")
    shop.work()
    assert shop.sums(chosen) == {"handed_over": 11}

    answer = shop.client.post("/campaigns/write?city=Bandung", data={"all": "1"})
    again = shop.client.post("/campaigns/write?city=Bandung", data={"all": "1"})
    rows = [shop.row(int(one.location.split("/")[2])) for one in (answer, again)]
    assert rows[0].segment_id == rows[1].segment_id is not None
    assert rows[0].name.startswith("Bandung")
    but = shop.client.post("/campaigns/write?city=Bandung", data={"all": "1", "except": str(ids[0])})
    some = int(but.location.split("/")[2])
    assert shop.client.post(but.location, data=fields).status_code == 303
    shop.say(some, "schedule")
    shop.turns(1)
    assert set(shop.parts(some)) == set(ids[1:])
    assert shop.client.post("/campaigns/write", data={}).status_code == 422
    assert shop.client.post("/campaigns/write?tier=diamond", data={"all": "1"}).status_code == 422


@SQLITE
def test_a_segment_that_is_written_to_stays_and_a_draft_can_go(shop: Shop) -> None:
    segment = shop.segment(city="Bandung")
    campaign = shop.campaign(segment)
    shop.say(campaign, "schedule")
    kept = shop.client.post(f"/segments/{segment}/delete")
    assert (kept.status_code, "The campaign “News” is to go to this segment." in kept.text) == (422, True)
    by_program = shop.owner.app.test_client().delete(f"/api/segments/{segment}/", headers=shop.owner.token())
    assert by_program.status_code == 409
    shop.say(campaign, "schedule/delete")
    assert shop.client.post(f"/segments/{segment}/delete").status_code == 303
    assert "The segment was deleted. Choose another one." in shop.client.get(f"/campaigns/{campaign}").text
    assert shop.client.get(f"/campaigns/{campaign}/delete").status_code == 200
    assert shop.client.post(f"/campaigns/{campaign}/delete").status_code == 303
    assert shop.client.get(f"/campaigns/{campaign}").status_code == 404


@SQLITE
def test_scheduled_goes_back_to_draft_and_only_a_draft_is_changed(shop: Shop) -> None:
    shop.customer()
    campaign = shop.campaign()
    shop.say(campaign, "schedule")
    fields = {"name": "Newer", "segment": str(shop.segment()), "channel": "sms", "body": "Hi"}
    assert shop.client.post(f"/campaigns/{campaign}/edit", data=fields).status_code == 422
    assert shop.say(campaign, "schedule/delete") == 303
    assert shop.client.post(f"/campaigns/{campaign}/edit", data=fields).status_code == 303
    assert shop.row(campaign).name == "Newer"
    staff = shop.cast.staff.client()
    assert staff.post(f"/campaigns/{campaign}/schedule").status_code == 403
    assert staff.get(f"/campaigns/{campaign}").status_code == 200
    with shop.owner.acting():
        schedule(campaign)
    shop.work()
    assert shop.say(campaign, "schedule") == 409


@SQLITE
def test_what_was_changed_by_hand_counts_in_one_sum(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.set(sms_gateway="manual")
    shop.customer()
    shop.customer()
    campaign = shop.campaign()
    shop.say(campaign, "schedule")
    shop.work()
    assert shop.sums(campaign) == {"waiting": 2}
    first, second = (row.id for row in shop.messages())
    shop.client.post(f"/messages/{first}/done")
    shop.client.post(f"/messages/{second}/cancel")
    shop.work()
    assert shop.sums(campaign) == {"handed_over": 1, "stopped": 1}
    assert shop.row(campaign).state is State.DONE


@SQLITE
def test_a_template_takes_the_place_of_what_was_typed(shop: Shop) -> None:
    with shop.owner.acting():
        template = make_template(channel="sms", body="From the template")
    shop.customer()
    campaign = shop.campaign(template=str(template), body="Typed before", channel="whatsapp")
    assert shop.row(campaign).channel == "sms"
    assert "From the template" in shop.client.get(f"/campaigns/{campaign}").text
    shop.say(campaign, "schedule")
    shop.work()
    assert [row.body for row in shop.messages()] == ["From the template"]


@SQLITE
def test_a_template_that_whatsapp_paused_pauses_the_campaign(shop: Shop) -> None:
    shop.set(whatsapp_gateway="console")
    for _ in range(2):
        shop.customer(marketing_whatsapp=Consent.GIVEN)
    campaign = shop.campaign(channel="whatsapp")
    shop.say(campaign, "schedule")
    shop.turns(2)
    fail(shop, shop.messages()[0].id, "132015")
    shop.turns(1)
    assert shop.row(campaign).state is State.PAUSED
    assert "WhatsApp paused the template." in shop.client.get(f"/campaigns/{campaign}").text
    shop.say(campaign, "resume")
    shop.work()
    assert (shop.row(campaign).state, shop.sums(campaign)) == (State.DONE, {"failed": 1, "handed_over": 1})


def fail(shop: Shop, message_id: int, code: str) -> None:
    """Let a provider have refused a message with a code."""
    values = {
        "message_id": message_id,
        "claim_token": "",
        "gateway": "whatsapp_cloud",
        "channel": "whatsapp",
        "body": "",
    }
    with shop.owner.acting(), transaction() as session:
        session.add(Attempt(**values, outcome=Answer.PERMANENT, error_code=code))
        row = session.get_one(Message, message_id)
        row.status, row.status_at = Status.FAILED, clock.utcnow()
        due.settle("message", [message_id])


@pytest.mark.parametrize(
    ("changes", "is_enough"),
    [
        ({"status_at": dt.timedelta(hours=-25)}, True),
        ({"handed_over_at": dt.timedelta(hours=-25)}, False),
        ({"handed_over_at": dt.timedelta(hours=-23)}, True),
        ({"status": Status.SUPPRESSED}, False),
        ({"status": Status.UNCONFIRMED}, True),
        ({"purpose": MessagePurpose.SERVICE}, False),
    ],
)
def test_the_preview_counts_as_the_send_policy_does(shop: Shop, changes: dict[str, Any], is_enough: bool) -> None:
    customer = shop.customer()
    first = shop.campaign()
    shop.say(first, "schedule")
    shop.work()
    now = clock.utcnow()
    moved = {name: now + value if isinstance(value, dt.timedelta) else value for name, value in changes.items()}
    with shop.owner.acting():
        with transaction() as session:
            session.execute(sa.update(Message).values(**moved))
        organization = current_organization()
        found = db.session.scalars(sa.select(Customer.id).where(had_enough(organization, now))).all()
        assert list(found) == ([customer] if is_enough else [])
        had = offers_had([customer], now).get(customer, [])
    assert (too_often(organization, had, now) is not None) == is_enough


@SQLITE
def test_one_that_fails_is_put_off_and_the_others_go_on(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.customer()
    broken, other = shop.campaign(name="Broken"), shop.campaign(name="Other")
    shop.say(broken, "schedule")
    shop.turns(1)
    shop.change(Campaign, broken, wording={"text": None})
    shop.say(other, "schedule")
    with shop.owner.app.app_context():
        for _turn in range(6):
            campaign_jobs.go_on_due()
    assert f"campaign {broken}: put off" in caplog.text
    assert shop.row(other).state is State.SENDING
    assert shop.sums(broken) == {"waiting": 1}
    with shop.owner.acting():
        is_broken = due.DueWork.kind == "campaign", due.DueWork.subject_id == broken
        again = db.session.scalars(sa.select(due.DueWork.due_at).where(*is_broken)).one()
        assert again > clock.utcnow() + dt.timedelta(minutes=4)


def test_who_had_one_today_is_skipped_and_it_says_so(shop: Shop) -> None:
    shop.customer()
    first = shop.campaign()
    shop.say(first, "schedule")
    shop.work()
    shop.customer()
    second = shop.campaign(name="Second")
    preview = shop.client.get(f"/campaigns/{second}").text
    assert "2 can be reached by SMS." in preview
    assert "1 of them had enough marketing for now, and is skipped." in preview
    assert ">1 SMS in all." in preview
    shop.say(second, "schedule")
    shop.work()
    assert shop.sums(second) == {"handed_over": 1, "skipped": 1, "skipped:had_enough": 1}
    assert shop.row(second).state is State.DONE
    assert "Skipped: had 1 in 24 hours." in shop.client.get(f"/campaigns/{second}/recipients").text


def test_recipients_over_the_limit_of_a_new_domain_wait_for_the_next_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_up, "FIRST_DAY", 2)
    shop.set(warm_up="yes")
    for number in range(5):
        shop.customer(email=f"s{number}@mail.example", marketing_email=Consent.GIVEN)
    campaign = shop.campaign(channel="email", subject="News")
    shop.say(campaign, "schedule")
    shop.work()
    assert shop.sums(campaign) == {"handed_over": 2, "waiting": 3}
    listed = shop.client.get(f"/campaigns/{campaign}/recipients").text
    assert listed.count("A new domain: 2 marketing e-mails went out today. It will be sent") == 3


@SQLITE
def test_a_text_leaves_room_for_how_marketing_ends(shop: Shop) -> None:
    room = SMS.max_length - FOOTER
    shop.customer(name="Ani")
    shop.customer(name="Budi of the long name")
    segment, field = str(shop.segment()), "{name}"
    fields = {"name": "News", "segment": segment, "channel": "sms"}
    refused = shop.client.post("/campaigns/new", data=fields | {"body": "x" * (room + 1)})
    assert (refused.status_code, "there is room for 1,300." in refused.text) == (422, True)
    json, headers = fields | {"body": "x" * (room + 1)}, shop.owner.token()
    assert shop.owner.app.test_client().post("/api/campaigns/", json=json, headers=headers).status_code == 400
    with shop.owner.acting():
        template = make_template(name="Long", body="x" * (room + 1))
    by_template = shop.campaign(template=str(template), body="")
    assert shop.say(by_template, "schedule") == 422
    campaign = shop.campaign(body="x" * (room - len(field)) + field)
    shop.say(campaign, "schedule")
    shop.work()
    assert shop.sums(campaign) == {"handed_over": 1, "skipped": 1, "skipped:too_long": 1}
    with shop.owner.acting():
        sent = db.session.scalars(sa.select(Message)).one()
        customer = db.session.get_one(Customer, sent.customer_id)
        assert len(with_footer(sent, customer, current_organization())) <= SMS.max_length


@SQLITE
def test_the_preview_counts_the_line_that_ends_marketing(shop: Shop) -> None:
    shop.customer()
    campaign = shop.campaign(body="x" * 150)  # one part by itself
    assert "2 SMS in all." in shop.client.get(f"/campaigns/{campaign}").text


@SQLITE
@pytest.mark.parametrize(("verb", "sum_", "status"), [("", "handed_over", "sent"), ("stop", "stopped", "canceled")])
def test_who_moves_away_stays_a_recipient_of_whoever_sees_one_branch(
    shop: Shop, verb: str, sum_: str, status: str
) -> None:
    with shop.owner.acting():
        branch, other = make_branch(), make_branch()
    first, second = (shop.customer(branch_id=branch) for _each in range(2))
    shop.customer(branch_id=other)
    campaign = shop.campaign()
    shop.change(Campaign, campaign, branch_id=branch)
    shop.say(campaign, "schedule")
    shop.turns(1)
    assert shop.sums(campaign) == {"waiting": 2}
    shop.change(Customer, first, branch_id=other)
    shop.turns()
    assert [row.customer_id for row in shop.messages()] == [first, second]
    if verb:
        shop.say(campaign, verb)
        shop.turns()
    else:
        shop.work()
        assert shop.row(campaign).state is State.DONE
    assert {row.status.value for row in shop.messages()} == {status}
    assert shop.sums(campaign) == {sum_: 2}
