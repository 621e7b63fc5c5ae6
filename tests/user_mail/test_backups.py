"""Owners are told of a daily backup that failed, and of one that can't be restored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import User
from crm.backups import keeping, store
from crm.backups.jobs import drill, make_due
from crm.backups.models import Backup, Kind, State
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.storage import Storage
from tests.factories import Cast, make_person
from tests.user_mail.mailbox import Mailbox, text_of

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OWNER = "owner@shop.test"


@pytest.fixture
def place(app: Flask, tmp_path: Path) -> Path:
    """Where backups are kept."""
    found = tmp_path / "backups"
    with app.app_context():
        app.extensions[store.EXTENSION] = Storage.from_url(found.as_uri(), tmp_path)
    return found


def spoil(place: Path) -> None:
    """Let nothing be kept there, as on a disk that is gone."""
    shutil.rmtree(place)
    place.write_text("no folder")


def back_up(cast: Cast, kind: Kind = Kind.DAILY) -> State:
    with cast.owner.acting():
        backup_id = keeping.request_backup(kind).id
    with cast.owner.app.app_context():
        while make_due():
            pass
    with cast.owner.acting():
        return db.session.get_one(Backup, backup_id).state


def test_owners_hear_of_a_failed_daily_backup_once_a_day(app: Flask, cast: Cast, mailbox: Mailbox, place: Path) -> None:
    mailbox.confirmed(cast.owner, OWNER)
    mailbox.confirmed(cast.manager, "manager@shop.test")
    mailbox.confirmed(cast.stranger, "stranger@rival.test")
    with app.app_context(), transaction():
        make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    spoil(place)
    assert back_up(cast) is State.FAILED
    letter = mailbox.only()
    assert (letter["To"], letter["Subject"]) == (OWNER, "The backup of Shop failed")
    assert f"{app.config['PUBLIC_URL']}/settings/backups" in text_of(letter)
    assert back_up(cast) is State.FAILED
    assert mailbox.arrived() == []
    mailbox.later(hours=25)
    assert back_up(cast) is State.FAILED
    assert len(mailbox.arrived()) == 1


@one_database
def test_each_owner_is_told_in_their_language(app: Flask, cast: Cast, mailbox: Mailbox, place: Path) -> None:
    mailbox.confirmed(cast.owner, OWNER)
    with app.app_context(), transaction() as session:
        second = make_person(app, "second", cast.owner.organization_id, Role.OWNER)
        user = session.get_one(User, second.user_id)
        user.email, user.language = "second@shop.test", "id"
    spoil(place)
    back_up(cast)
    assert {letter["To"]: letter["Subject"] for letter in mailbox.arrived()} == {
        OWNER: "The backup of Shop failed",
        "second@shop.test": "Cadangan Shop gagal",
    }


@one_database
def test_whoever_made_one_by_hand_sees_it_on_the_page(cast: Cast, mailbox: Mailbox, place: Path) -> None:
    mailbox.confirmed(cast.owner, OWNER)
    spoil(place)
    assert back_up(cast, Kind.BY_HAND) is State.FAILED
    assert mailbox.arrived() == []


@one_database
def test_one_that_succeeds_tells_nobody(app: Flask, cast: Cast, mailbox: Mailbox, place: Path) -> None:
    mailbox.confirmed(cast.owner, OWNER)
    assert back_up(cast) is State.READY
    assert mailbox.arrived() == []


@one_database
def test_an_archive_that_cannot_be_restored_is_told_once_a_day(
    app: Flask, cast: Cast, mailbox: Mailbox, place: Path
) -> None:
    mailbox.confirmed(cast.owner, OWNER)
    app.config["BACKUP_SCHEDULE"] = "DAILY"
    assert back_up(cast) is State.READY
    (archive,) = [path for path in place.rglob("*.zip") if path.is_file()]
    archive.write_bytes(archive.read_bytes()[:-100])
    with app.app_context():
        drill()
    letter = mailbox.only()
    assert (letter["To"], letter["Subject"]) == (OWNER, "The backup of Shop can't be restored")
    with cast.owner.acting():
        (row,) = db.session.scalars(sa.select(Backup))
        assert row.reason
        assert " ".join(row.reason.split()) in " ".join(text_of(letter).split())
    archive.unlink()
    with app.app_context():
        drill()
    assert mailbox.arrived() == [], "the same kind, the same day"
    mailbox.later(hours=25)
    with app.app_context():
        drill()
    assert len(mailbox.arrived()) == 1, "one that is gone can't be restored either"
