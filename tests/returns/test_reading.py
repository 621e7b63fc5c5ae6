"""Each mail that came back counts once, and none is lost by a worker, a database or a server that fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from crm.delivery.models import Report
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.messages.models import Attempt, BlockedSender
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource, Suppression
from crm.privacy.erasure import erase
from crm.programs.doctor import examine
from crm.providers.smtp import mailbox
from crm.providers.smtp.returned import returned_in
from crm.returns import services
from crm.returns.jobs import read_mailboxes
from crm.returns.queries import mailboxes
from crm.senders.models import SenderTest
from crm.senders.services import send_test
from crm.values import clock
from tests.messages.shop import Shop
from tests.returns.conftest import SARI, Returns
from tests.returns.test_corpus import filled

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def put(returns: Returns, name: str, address: str) -> int:
    return returns.box.put(filled(name, address, address))


def reports(returns: Returns) -> list[str]:
    with returns.shop.inside():
        return list(db.session.scalars(sa.select(Report.word).order_by(Report.id)))


def closed(shop: Shop) -> list[OptOutSource]:
    with shop.inside():
        return list(db.session.scalars(sa.select(Suppression.source)))


@ONE_DATABASE
def test_a_letter_says_where_it_comes_back_to(returns: Returns) -> None:
    _, address = returns.send()
    attempt = returns.shop.attempts(1)[0].id
    assert address.startswith(f"bounce+{attempt}.")
    assert address.endswith("@toko.test")
    assert returns.sink.taken[0]["From"] == "Toko <hello@toko.test>"
    returns.app.config["BOUNCE_ADDRESS"] = "returns.box@mail.toko.test"
    assert returns.send(to="budi@shop.test")[1].startswith("returns.box+2.")
    returns.app.config["IMAP_HOST"] = ""
    assert returns.send(to="wati@shop.test")[1] == "hello@toko.test"


def test_a_worker_that_dies_before_the_mark_counts_the_mail_once(returns: Returns) -> None:
    id_, address = returns.send()
    uid = put(returns, "postfix-hard", address)
    returns.box.dies_at = "UID STORE"
    returns.read()
    assert returns.shop.status(id_) is Status.UNDELIVERED
    assert returns.box.unread() == {uid}
    before = returns.shop.events(1)
    returns.box.dies_at = ""
    returns.read()
    assert (returns.box.unread(), reports(returns)) == (set(), ["bounced"])
    assert (returns.shop.events(1), closed(returns.shop)) == (before, [OptOutSource.BOUNCE])


@ONE_DATABASE
def test_a_mail_that_could_not_be_stored_stays_unread(returns: Returns) -> None:
    id_, address = returns.send()
    uid = put(returns, "postfix-hard", address)
    rename(returns, "reports", "reports_away")
    with pytest.raises(DatabaseError):
        returns.read()
    assert returns.box.unread() == {uid}
    rename(returns, "reports_away", "reports")
    returns.read()
    assert (returns.box.unread(), returns.shop.status(id_)) == (set(), Status.UNDELIVERED)


def rename(returns: Returns, before: str, after: str) -> None:
    with returns.app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {before} RENAME TO {after}"))


@ONE_DATABASE
@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["postfix-delivered", "postfix-hard"], Status.DELIVERED),
        (["yahoo-complaint", "postfix-full"], Status.DELIVERED),
        (["postfix-hard", "postfix-delayed", "postfix-full"], Status.UNDELIVERED),
    ],
)
def test_later_mail_lowers_nothing(returns: Returns, names: list[str], status: Status) -> None:
    id_, address = returns.send()
    for name in names:
        put(returns, name, address)
    returns.read()
    assert returns.shop.status(id_) is status


def test_an_address_is_closed_after_two_weeks_of_soft_bounces(returns: Returns) -> None:
    assert closed_after(returns, "postfix-full") == [OptOutSource.SOFT_BOUNCE]


@ONE_DATABASE
def test_a_refused_sender_is_held_against_no_address(returns: Returns) -> None:
    assert closed_after(returns, "postfix-sender-refused") == []
    with returns.shop.inside():
        assert not db.session.scalars(sa.select(BlockedSender)).all()


def closed_after(returns: Returns, name: str) -> list[OptOutSource]:
    """Send three letters over two weeks that come back; return why the address is closed."""
    customer, shop = returns.shop.customer(email=SARI), returns.shop
    for ago in (15, 7, 0):
        id_ = shop.schedule(customer, channel=EMAIL, late=1)
        shop.work()
        assert shop.status(id_) is Status.SENT
        at = clock.utcnow() - dt.timedelta(days=ago)
        with shop.inside(), transaction() as session:
            session.execute(sa.update(Attempt).where(Attempt.message_id == id_).values(started_at=at))
        put(returns, name, returns.sink.senders[-1])
        returns.read()
    return closed(shop)


def test_the_mailbox_of_an_organization_is_for_its_own_mail_alone(returns: Returns, stranger: Shop) -> None:
    id_, address = returns.send()
    returned = returned_in(filled("postfix-hard", address, address))
    assert returned is not None
    for owner, status in ((stranger.id, Status.SENT), (returns.shop.id, Status.UNDELIVERED)):
        with returns.app.app_context():
            services.take(returned, owner)
        assert returns.shop.status(id_) is status


@ONE_DATABASE
def test_an_organizations_own_mailbox_is_on_the_internet(returns: Returns) -> None:
    returns.app.config["IMAP_HOST"] = ""
    own = {"imap_host": "127.0.0.1", "imap_username": "x", "imap_password": "y", "smtp_host": "smtp.toko.test"}
    returns.shop.set(**own)
    returns.read()
    assert returns.box.tells == []


@ONE_DATABASE
def test_letters_of_an_earlier_secret_key_are_known(returns: Returns) -> None:
    id_, address = returns.send()
    returns.app.config["SECRET_KEY_FALLBACKS"] = [returns.app.config["SECRET_KEY"]]
    returns.app.config["SECRET_KEY"] = "another secret key of 32 letters"
    put(returns, "postfix-hard", address)
    returns.read()
    assert returns.shop.status(id_) is Status.UNDELIVERED


@ONE_DATABASE
def test_a_test_message_that_comes_back_is_shown_to_the_owner(returns: Returns) -> None:
    with returns.shop.inside():
        send_test(EMAIL, SARI)
    address = returns.sink.senders[-1]
    assert address.startswith("bounce+test-1.")
    put(returns, "postfix-hard", address)
    returns.read()
    with returns.shop.inside():
        test = db.session.scalars(sa.select(SenderTest)).one()
        assert (test.status, test.reason) == (Status.UNDELIVERED, "There is no such mailbox.")
    assert closed(returns.shop) == []


@ONE_DATABASE
def test_mail_to_who_was_erased_is_read_and_done_with(returns: Returns) -> None:
    _, address = returns.send()
    with returns.shop.inside():
        erase(1, "Asked for it")
    put(returns, "postfix-hard", address)
    returns.read()
    assert (returns.box.unread(), reports(returns)) == (set(), [])


# Servers


@ONE_DATABASE
def test_a_turn_is_bounded_and_the_next_goes_on(returns: Returns) -> None:
    _, address = returns.send()
    for _ in range(mailbox.MOST + 3):
        put(returns, "an-ordinary-mail", address)
    returns.read()
    assert len(returns.box.unread()) == 3
    returns.read()
    assert not returns.box.unread()


@ONE_DATABASE
@pytest.mark.parametrize(
    "trouble",
    [
        {"claims": 10**10},
        {"claims": 100_000},
        {"drips": 0.05},
        {"refuses_marks": True},
        *({"dies_at": command} for command in ("LOGIN", "SELECT", "UID SEARCH", "UID FETCH")),
    ],
)
def test_a_server_in_trouble_stops_no_later_reading(
    returns: Returns, monkeypatch: pytest.MonkeyPatch, trouble: dict[str, Any]
) -> None:
    monkeypatch.setattr(mailbox, "SECONDS", 1.5)
    id_, address = returns.send()
    uid = put(returns, "postfix-hard", address)
    for name, value in trouble.items():
        setattr(returns.box, name, value)
    returns.read()
    assert returns.box.unread() == {uid}
    for name in trouble:
        setattr(returns.box, name, type(trouble[name])())
    returns.read()
    assert (returns.box.unread(), returns.shop.status(id_)) == (set(), Status.UNDELIVERED)


@ONE_DATABASE
@pytest.mark.parametrize(
    "settings",
    [
        {"IMAP_PASSWORD": "wrong"},
        {"IMAP_FOLDER": "Nowhere"},
        {"IMAP_PORT": "1"},
        {"IMAP_HOST": "nowhere.test"},
        {"IMAP_SECURITY": "tls"},
        {"IMAP_SECURITY": "starttls"},
    ],
)
def test_a_mailbox_that_can_not_be_opened_rests(returns: Returns, settings: dict[str, str]) -> None:
    returns.send()
    returns.app.config.update(settings)
    returns.read()
    tells = list(returns.box.tells)
    with returns.app.app_context():
        read_mailboxes()
    assert returns.box.tells == tells
    assert "UID SEARCH" not in tells


@ONE_DATABASE
def test_doctor_opens_the_mailbox_and_marks_nothing(returns: Returns) -> None:
    uid = put(returns, "postfix-hard", "bounce@toko.test")
    level, sentence = found_by_doctor(returns)
    assert (level, "is read at 127.0.0.1." in sentence) == ("ok", True)
    assert (returns.box.unread(), "EXAMINE" in returns.box.tells) == ({uid}, True)
    returns.app.config["IMAP_PASSWORD"] = "wrong"
    level, sentence = found_by_doctor(returns)
    assert (level, "127.0.0.1 (IMAP_HOST)" in sentence, "wrong password" in sentence) == ("failure", True, True)
    returns.app.config["IMAP_HOST"] = ""
    assert "Set IMAP_HOST" in found_by_doctor(returns)[1]


def found_by_doctor(returns: Returns) -> tuple[str, str]:
    with returns.app.app_context():
        return next((one.level, one.sentence) for one in examine() if one.check == "returns")


@ONE_DATABASE
def test_an_owner_enters_the_mailbox_in_the_settings(returns: Returns) -> None:
    owner = returns.shop.browser()
    fields = {"imap_host": "imap.toko.test", "imap_folder": "Back again", "bounce_address": "back@toko.test"}
    sent = owner.post("/settings/messaging", data={"smtp_host": "smtp.toko.test", **fields})
    assert sent.status_code == 303
    with returns.shop.inside():
        (own,) = (one for one in mailboxes() if one.organization_id)
        assert (own.server.host, own.server.port, own.server.security) == ("imap.toko.test", 993, "tls")
        assert (own.folder, own.server.is_public) == ("Back again", True)
    for name, wrong in {"imap_port": "25", "bounce_address": "b+c@toko.test", "imap_folder": 'a"b'}.items():
        assert owner.post("/settings/messaging", data={name: wrong}).status_code == 422
