"""Nothing is sent twice: after a restore nothing goes out before an owner resumes, and then what is to come alone."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Organization
from crm.backups import jobs as backup_jobs
from crm.backups.services import make_archive
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.messages.channels.phones import PHONES
from crm.messages.models import Attempt, Message
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource, Suppression
from crm.opt_outs.services import put_on
from crm.series import jobs as series_jobs
from tests.backups.conftest import Run
from tests.factories import make_person
from tests.messages.shop import Shop

HOUR = 3600


@pytest.fixture
def shop(app: Flask) -> Shop:
    return Shop.open(app, "shop")


def restored(shop: Shop, run: Run, path: Path, slug: str = "copy") -> Shop:
    """Restore an archive and return the copy, with an owner of its own."""
    result = run("restore", path, "--slug", slug, "--json")
    assert result.exit_code == 0, result.output
    id_ = json.loads(result.output)["id"]
    with shop.app.app_context():
        return Shop(shop.app, id_, make_person(shop.app, f"boss-of-{slug}", id_, Role.OWNER))


def archive_of(shop: Shop, folder: Path) -> Path:
    path = folder / "shop.zip"
    with shop.app.app_context():
        make_archive(shop.id, path)
    return path


def an_hour_passes(shop: Shop) -> None:
    """Let everything in the organization have happened an hour earlier, and let the worker look."""
    hour = dt.timedelta(seconds=HOUR)
    with shop.inside(), transaction() as session:
        for message in session.scalars(sa.select(Message)):
            message.send_at -= hour
        for row in session.scalars(sa.select(DueWork).where(DueWork.organization_id == shop.id)):
            row.due_at -= hour
    shop.work()
    with shop.app.app_context():
        series_jobs.make_due()


def statuses(shop: Shop) -> Counter[str]:
    with shop.inside():
        return Counter(str(status) for status in db.session.scalars(sa.select(Message.status)))


def attempts(shop: Shop) -> int:
    with shop.inside():
        return db.session.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0


def sent(shop: Shop) -> set[str]:
    """Return the texts that a provider was given in this organization."""
    with shop.inside():
        return set(db.session.scalars(sa.select(Attempt.body)))


def with_messages(shop: Shop) -> None:
    """Schedule one message for each of the next 48 hours, in the middle of it."""
    for number in range(48):
        customer = shop.customer(f"Customer {number}", f"0812-3456-{7000 + number}")
        shop.schedule(customer, in_=(number + 0.5) * HOUR, body=f"hour {number}")


@pytest.mark.parametrize("what", ["from_now", "all", "cancel"])
def test_in_24_hours_nothing_is_sent_until_it_is_resumed(
    shop: Shop, run: Run, tmp_path: Path, what: str, database_url: str
) -> None:
    with_messages(shop)
    copy = restored(shop, run, archive_of(shop, tmp_path))
    assert statuses(copy) == {"held": 48}
    for _hour in range(24):
        an_hour_passes(copy)
    assert attempts(copy) == 0
    page = copy.browser().get("/settings/backups").text
    assert "24 messages were due in the meantime" in page
    assert "24 are to come" in page
    assert "Sending is paused" in copy.browser().get("/").text

    answer = copy.browser().post("/settings/backups/resume", data={"what": what})
    assert answer.status_code == 303
    copy.work()
    for _hour in range(25):
        an_hour_passes(copy)

    later, earlier = ({f"hour {n}" for n in hours} for hours in (range(24, 48), range(24)))
    assert sent(copy) == {"from_now": later, "all": later | earlier, "cancel": set()}[what]
    assert attempts(copy) == len(sent(copy)), "each once"
    assert "Sending is paused" not in copy.browser().get("/").text


def test_what_was_due_is_sent_where_it_is_ticked(shop: Shop, run: Run, tmp_path: Path) -> None:
    with_messages(shop)
    copy = restored(shop, run, archive_of(shop, tmp_path))
    for _hour in range(5):
        an_hour_passes(copy)
    with copy.inside():
        ticked = db.session.scalars(sa.select(Message.id).where(Message.body == "hour 3")).one()
    with shop.inside():
        foreign = db.session.scalars(sa.select(Message.id).where(Message.body == "hour 1")).one()
    copy.browser().post("/settings/backups/resume", data={"what": "from_now", "message": [str(ticked), str(foreign)]})
    copy.work()
    assert sent(copy) == {"hour 3"}
    assert statuses(copy)["expired"] == 4


def test_the_command_resumes_from_now_on(shop: Shop, run: Run, tmp_path: Path) -> None:
    with_messages(shop)
    copy = restored(shop, run, archive_of(shop, tmp_path))
    an_hour_passes(copy)
    assert copy.app.test_cli_runner().invoke(args=["org", "set", "copy", "sending_paused=no"]).exit_code == 0
    with copy.app.app_context():
        backup_jobs.resume_due()
    copy.work()
    an_hour_passes(copy)
    assert sent(copy) == {"hour 1"}


def test_states_are_kept_or_made_safe(shop: Shop, run: Run, tmp_path: Path) -> None:
    """Waiting: held. Being sent: unknown. Over: as it was."""
    customer = shop.customer()
    made = {status: shop.schedule(customer, in_=HOUR, body=status) for status in Status}
    with shop.inside(), transaction() as session:
        for status, id_ in made.items():
            message = session.get_one(Message, id_)
            message.status, message.reason = status, f"was {status}"
    copy = restored(shop, run, archive_of(shop, tmp_path))
    held = {"scheduled", "retry_wait", "held", "reminder", "claimed"}
    with copy.inside():
        for message in db.session.scalars(sa.select(Message)):
            if message.body in held:
                assert message.status is Status.HELD
                assert message.reason.startswith("It comes from the backup of ")
            elif message.body in ("submitting", "unknown"):
                assert message.status is Status.UNCONFIRMED
            else:
                assert (message.status, message.reason) == (message.body, f"was {message.body}")
        due = sa.select(sa.func.count()).select_from(DueWork).where(DueWork.organization_id == copy.id)
        assert db.session.scalar(due.where(DueWork.kind == "message")) == 1, "the one that waits for a report"


def test_what_was_sent_after_the_backup_is_known(shop: Shop, run: Run, tmp_path: Path) -> None:
    """The installation's own book says so, also when the original is gone."""
    customer = shop.customer()
    shop.schedule(customer, in_=HOUR, body="before")
    path = archive_of(shop, tmp_path)
    with shop.inside():
        id_ = db.session.scalars(sa.select(Message.id)).one()
    shop.shift(id_, 1)
    shop.work()
    assert sent(shop) == {"before"}
    copy = restored(shop, run, path)
    with copy.inside():
        message = db.session.scalars(sa.select(Message)).one()
        assert message.status is Status.SENT
        assert "after this backup" in message.reason


def test_two_copies_never_send_one_message(shop: Shop, run: Run, tmp_path: Path) -> None:
    """What the original has sent is not sent by the copy, which goes on at the same time; nor the reverse."""
    customer = shop.customer()
    for number in (1, 2, 3):
        shop.schedule(customer, in_=number * HOUR + 60, body=f"hour {number}")
    copy = restored(shop, run, archive_of(shop, tmp_path))
    an_hour_passes(shop)
    an_hour_passes(copy)
    copy.browser().post("/settings/backups/resume", data={"what": "from_now"})
    an_hour_passes(shop)
    an_hour_passes(copy)
    an_hour_passes(copy)
    an_hour_passes(copy)
    an_hour_passes(shop)
    an_hour_passes(shop)
    assert sorted([*sent(shop), *sent(copy)]) == ["hour 1", "hour 2", "hour 3"]
    assert statuses(shop) == statuses(copy) == {"sent": 3}


def test_a_call_that_certainly_sent_nothing_is_sent_by_the_copy(shop: Shop, run: Run, tmp_path: Path) -> None:
    shop.schedule(shop.customer(), in_=HOUR, body="[no_connection] hello")
    path = archive_of(shop, tmp_path)
    with shop.inside():
        id_ = db.session.scalars(sa.select(Message.id)).one()
    shop.shift(id_, 1)
    shop.work()
    copy = restored(shop, run, path)
    assert statuses(shop) == {"retry_wait": 1}
    assert statuses(copy) == {"held": 1}


def test_who_opted_out_since_the_backup_stays_so(shop: Shop, run: Run, tmp_path: Path) -> None:
    sari, budi = shop.customer("Sari", "0812-3456-7001"), shop.customer("Budi", "0812-3456-7002")
    path = archive_of(shop, tmp_path)
    with shop.inside(), transaction() as session:
        put_on("+6281234567001", PHONES, OptOutSource.STAFF)
        session.get_one(Customer, budi).sms_allowed = False
    copy = restored(shop, run, path)
    with copy.inside():
        assert [row.address for row in db.session.scalars(sa.select(Suppression))] == ["+6281234567001"]
        allowed = {row.name: row.sms_allowed for row in db.session.scalars(sa.select(Customer))}
        assert allowed == {"Sari": True, "Budi": False}
    assert sari != budi


def test_new_messages_wait_too(shop: Shop, run: Run, tmp_path: Path) -> None:
    copy = restored(shop, run, archive_of(shop, tmp_path))
    copy.schedule(copy.customer(), body="new")
    copy.work()
    assert statuses(copy) == {"held": 1}
    copy.browser().post("/settings/backups/resume", data={"what": "all"})
    copy.work()
    assert sent(copy) == {"new"}


def test_the_form_asks_what_to_do(shop: Shop, run: Run, tmp_path: Path) -> None:
    copy = restored(shop, run, archive_of(shop, tmp_path))
    for data in ({}, {"what": "everything"}):
        answer = copy.browser().post("/settings/backups/resume", data=data)
        assert answer.status_code == 422
        assert "There is a problem" in answer.text
    with copy.app.app_context(), use_organization(None):
        assert db.session.get_one(Organization, copy.id).sending_paused
    for _twice in range(2):
        assert copy.browser().post("/settings/backups/resume", data={"what": "cancel"}).status_code == 303


def test_only_owners_see_backups(shop: Shop) -> None:
    manager = shop.browser(Role.MANAGER)
    assert manager.get("/settings/backups").status_code == 403
    assert manager.post("/settings/backups/resume", data={"what": "all"}).status_code == 403
