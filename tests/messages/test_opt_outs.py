"""Numbers that opted out: who puts them on the list, what it stops, and the page that shows it; on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.customers.services import archive_customer, delete_customer
from crm.delivery import deliver
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.messages import services
from crm.messages.channels.base import Channel
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import channels_of
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.checks import RefusedError
from crm.messages.rules import STOPPABLE, Status
from crm.messages.suppression_models import OptOutSource, Suppression
from crm.opt_outs import keywords
from crm.opt_outs import services as suppressions
from crm.providers.base import Call
from tests.messages.shop import E164, PHONE, Shop

URL = "/settings/opt-outs"


def listed(shop: Shop) -> list[tuple[str, str, str]]:
    """Return the list of opt-outs: number, source and note."""
    with shop.inside():
        rows = db.session.scalars(sa.select(Suppression).order_by(Suppression.id))
        return [(row.address, row.source, row.note) for row in rows]


def opt_out(shop: Shop, source: OptOutSource = OptOutSource.STOP, note: str = "STOP", phone: str = E164) -> None:
    with shop.inside():
        suppressions.put_on(phone, PHONES, source, note)


# What it stops.


@pytest.mark.parametrize("status", sorted(STOPPABLE))
@pytest.mark.parametrize("channel", channels_of(PHONES))
def test_what_is_pending_to_the_number_is_stopped_and_says_why(shop: Shop, status: Status, channel: Channel) -> None:
    id_ = shop.schedule(sari := shop.customer(), in_=3600, channel=channel)
    shop.look_now(id_, status=status.value, claim_token="someone")

    opt_out(shop)

    message = shop.message(id_)
    assert (message.status, message.reason) == (Status.SUPPRESSED, "The customer opted out by writing STOP.")
    assert message.claim_token is None
    assert (shop.due_at(id_), shop.next_at(sari)) == (None, None)
    assert shop.events(sari)[-1][0] == "message.suppressed"


@pytest.mark.parametrize("status", sorted(set(Status) - STOPPABLE))
def test_what_is_on_its_way_or_has_ended_stays_as_it_is(shop: Shop, status: Status) -> None:
    id_ = shop.schedule(shop.customer(), in_=3600)
    shop.look_now(id_, status=status.value)

    opt_out(shop)

    assert shop.status(id_) is status


def test_it_stops_messages_to_everyone_with_the_number_and_to_nobody_else(shop: Shop, stranger: Shop) -> None:
    sari, father, other = (
        shop.customer(),
        shop.customer(name="Budi"),
        shop.customer(name="Wati", phone="0812-3456-7891"),
    )
    ids = [shop.schedule(customer, in_=3600) for customer in (sari, father, other)]
    elsewhere = stranger.schedule(stranger.customer(), in_=3600)

    opt_out(shop)

    assert [shop.status(id_) for id_ in ids] == [Status.SUPPRESSED, Status.SUPPRESSED, Status.SCHEDULED]
    assert stranger.status(elsewhere) is Status.SCHEDULED


@pytest.mark.parametrize("channel", channels_of(PHONES))
def test_the_gate_stops_what_became_due_for_a_number_that_is_on_the_list(shop: Shop, channel: Channel) -> None:
    """Scheduled before the customer had this number."""
    opt_out(shop, OptOutSource.PROVIDER, "21610")
    id_ = shop.schedule(sari := shop.customer(phone="0812-9999-0000"), in_=3600, channel=channel)
    shop.change_phone(sari, PHONE)
    shop.shift(id_, 1)

    shop.work()

    message = shop.message(id_)
    assert message.status is Status.SUPPRESSED
    assert message.reason == "The provider says that the customer opted out."
    assert shop.attempts(id_) == []


def test_scheduling_to_the_number_is_refused_in_words(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    opt_out(shop)

    page = owner.post(f"/customers/{sari}/messages/new", data={"channel": "sms", "body": "Hi", "in_days": "1"})

    assert page.status_code == 422
    assert "Sari opted out (by STOP), so this number gets no messages." in page.text
    with shop.inside(), pytest.raises(RefusedError):
        services.schedule_message(sari, WHATSAPP, "Hi", shop.soon())


def test_a_message_can_not_be_changed_to_go_there(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer(phone="0812-9999-0000"), in_=3600)
    opt_out(shop)
    shop.change_phone(sari, PHONE)

    with shop.inside(), pytest.raises(RefusedError):
        services.edit_message(id_, SMS, "Other words", shop.soon())


def test_a_stop_between_claim_and_call_stops_the_call(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = deliver._submit

    def late(claim: deliver.Claim, ids: list[int]) -> list[Call]:
        suppressions.put_on(E164, PHONES, OptOutSource.STOP, "STOP")
        return submit(claim, ids)

    monkeypatch.setattr(deliver, "_submit", late)
    ids = [shop.schedule(shop.customer()), shop.schedule(shop.customer(name="Wati", phone="0812-3456-7891"))]

    shop.work()

    assert [shop.status(id_) for id_ in ids] == [Status.SUPPRESSED, Status.SENT]
    assert shop.attempts(ids[0]) == []


def test_what_the_provider_refuses_as_opted_out_puts_the_number_on_the_list(shop: Shop) -> None:
    sari = shop.customer()
    pending = shop.schedule(sari, in_=3600)
    refused = [shop.schedule(sari, body="[opted_out]"), shop.schedule(sari, body="[opted_out] too")]

    shop.work()

    assert {shop.status(id_) for id_ in (pending, *refused)} == {Status.SUPPRESSED}
    assert listed(shop) == [(E164, "provider", "The customer has opted out.")]


# Who puts it there, and who takes it off.


def test_twice_is_once_and_the_first_word_stays(shop: Shop) -> None:
    opt_out(shop, note="STOP")
    opt_out(shop, note="QUIT")
    opt_out(shop, OptOutSource.PROVIDER)

    assert listed(shop) == [(E164, "stop", "STOP")]


def test_what_staff_says_outweighs_and_stays_when_the_customer_starts_again(shop: Shop) -> None:
    opt_out(shop)
    opt_out(shop, OptOutSource.STAFF, "asked at the counter")
    assert listed(shop) == [(E164, "staff", "asked at the counter")]

    opt_out(shop)
    with shop.inside():
        assert not suppressions.let_back(E164, PHONES)

    assert listed(shop) == [(E164, "staff", "asked at the counter")]


@pytest.mark.parametrize("source", [OptOutSource.STOP, OptOutSource.PROVIDER])
def test_a_customer_who_starts_again_is_off_the_list_and_nothing_comes_back(shop: Shop, source: OptOutSource) -> None:
    id_ = shop.schedule(sari := shop.customer(), in_=3600)
    opt_out(shop, source)

    with shop.inside():
        assert suppressions.let_back(E164, PHONES)
        assert not suppressions.let_back(E164, PHONES)

    assert listed(shop) == []
    assert shop.status(id_) is Status.SUPPRESSED
    assert shop.status(shop.schedule(sari, in_=60)) is Status.SCHEDULED


def test_the_list_outlives_the_customer(shop: Shop) -> None:
    sari = shop.customer()
    opt_out(shop)
    with shop.inside():
        delete_customer(sari)

    assert listed(shop) == [(E164, "stop", "STOP")]
    with shop.inside(), pytest.raises(RefusedError):
        services.schedule_message(shop.customer(), SMS, "Hi", shop.soon())


def test_it_is_told_of_every_customer_with_the_number(shop: Shop) -> None:
    sari, budi = shop.customer(), shop.customer(name="Budi")
    opt_out(shop)
    with shop.inside():
        suppressions.let_back(E164, PHONES)
        rows = db.session.execute(
            sa.select(Event.customer_id, Event.action).where(Event.action.startswith("suppression.")).order_by(Event.id)
        )
        assert [tuple(row) for row in rows] == [
            (sari, "suppression.added"),
            (budi, "suppression.added"),
            (sari, "suppression.removed"),
            (budi, "suppression.removed"),
        ]


# The page.


def test_staff_add_a_number_and_take_it_off(shop: Shop, owner: FlaskClient) -> None:
    id_ = shop.schedule(shop.customer(), in_=3600)

    answer = owner.post(URL, data={"phone": "0812 3456 7890", "note": "asked at the counter"})

    assert (answer.status_code, answer.location) == (303, URL)
    assert listed(shop) == [(E164, "staff", "asked at the counter")]
    assert shop.status(id_) is Status.SUPPRESSED
    page = owner.get(URL).text
    assert "0812-3456-7890" in page
    assert "asked at the counter" in page
    assert "Sari" in page

    with shop.inside():
        row = db.session.scalars(sa.select(Suppression.id)).one()
    assert owner.post(f"{URL}/{row}/delete").status_code == 303
    assert listed(shop) == []
    assert "No opt-outs" in owner.get(URL).text


def test_the_same_form_twice_is_one_row(shop: Shop, owner: FlaskClient) -> None:
    form = {"phone": PHONE, "note": "", "idempotency_key": "k"}
    assert [owner.post(URL, data=form).status_code for _ in range(2)] == [303, 303]
    assert len(listed(shop)) == 1


@pytest.mark.parametrize("phone", ["", "123", "not a number", "0812-3456-7890 / 0812-3456-7891"])
def test_what_is_no_number_is_refused_and_kept_in_the_form(shop: Shop, owner: FlaskClient, phone: str) -> None:
    answer = owner.post(URL, data={"phone": phone, "note": "why"})

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert 'value="why"' in answer.text
    assert listed(shop) == []


@pytest.mark.parametrize("q", ["0812 3456", "+62 812-3456", "34567890", "6281234567890"])
def test_the_list_is_searched_by_any_spelling(shop: Shop, owner: FlaskClient, q: str) -> None:
    opt_out(shop)
    opt_out(shop, phone="+6281999000111")

    page = owner.get(URL, query_string={"q": q}).text

    assert "0812-3456-7890" in page
    assert "0819-9900-0111" not in page


@pytest.mark.parametrize("q", ["555", "%", "_", "x'--"])
def test_no_such_number_says_so(shop: Shop, owner: FlaskClient, q: str) -> None:
    opt_out(shop)
    assert "Nothing matches" in owner.get(URL, query_string={"q": q}).text


def test_pages_are_bounded(shop: Shop, owner: FlaskClient) -> None:
    with shop.inside():
        for number in range(51):
            suppressions.put_on(f"+6281234567{number:03}", PHONES, OptOutSource.STAFF)
    assert owner.get(URL).text.count("data-source=") == 50
    assert owner.get(f"{URL}?page=2").text.count("data-source=") == 1
    assert owner.get(f"{URL}?page=-5").status_code == owner.get(f"{URL}?page=99999999999").status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STAFF])
def test_only_managers_and_owners_change_the_list(shop: Shop, role: Role) -> None:
    browser = shop.browser(role)
    assert [browser.get(URL).status_code, browser.post(URL, data={"phone": PHONE}).status_code] == [403, 403]


def test_the_customers_page_says_since_when_and_how(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    assert "Opted out" not in owner.get(f"/customers/{sari}").text

    opt_out(shop)

    page = owner.get(f"/customers/{sari}").text
    assert "Opted out" in page
    assert "(by STOP)" in page


# Words.


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("source", list(OptOutSource))
def test_every_way_onto_the_list_has_words_on_the_timeline_and_in_the_list(
    shop: Shop, owner: FlaskClient, source: OptOutSource
) -> None:
    customer = shop.customer()
    opt_out(shop, source)
    shown = owner.get(f"/customers/{customer}")
    assert (shown.status_code, "Opted out" in shown.text.partition('id="timeline')[2]) == (200, True)
    assert owner.get(URL).status_code == 200


def test_the_organizations_own_words_stop_too(shop: Shop, owner: FlaskClient) -> None:
    answer = owner.post(f"{URL}/words", data={"words": "Berhenti!\n\nstop\n jangan  kirim \nberhenti"})

    assert answer.status_code == 303
    with shop.inside():
        own = suppressions.stop_words()
    assert own == ["BERHENTI", "JANGAN KIRIM"]
    assert keywords.effect_of("berhenti.", own) is keywords.Effect.STOP
    assert "BERHENTI" in owner.get(URL).text
    assert "JANGAN KIRIM" in owner.get(f"{URL}/words").text

    owner.post(f"{URL}/words", data={"words": "berhenti\n\U0001f44e"})
    with shop.inside():
        assert suppressions.stop_words() == ["BERHENTI", "\U0001f44e"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("yes", "opts a number back in"),
        ("x" * 41, "Shorten"),
        ("...", "no letter"),
        ("\n".join(f"w{n}" for n in range(51)), "at most 50"),
    ],
)
def test_other_words_are_refused_in_words(shop: Shop, owner: FlaskClient, typed: str, sentence: str) -> None:
    answer = owner.post(f"{URL}/words", data={"words": typed})
    assert answer.status_code == 422
    assert sentence in answer.text


def test_an_archived_customers_number_stays_on_the_list(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    opt_out(shop)
    with shop.inside():
        archive_customer(sari)
    assert "No customer" in owner.get(URL).text
