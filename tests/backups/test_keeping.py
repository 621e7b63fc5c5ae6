"""Backups are made by the worker, verified, restored for a trial, kept by age, and downloaded by owners."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import sqlite3
import threading
import time
import zipfile
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Organization
from crm.backups import drill, jobs, keeping, removal, restore
from crm.backups.models import Backup
from crm.backups.rules import Kept, to_delete
from crm.kernel.columns import Base
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.values import clock
from tests.backups.conftest import Run
from tests.factories import Cast
from tests.servers import BIN, Process

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOON = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


def test_an_owner_makes_one_and_downloads_it(app: Flask, filled: Cast, run: Run, tmp_path: Path) -> None:
    client = filled.owner.client()
    assert client.post("/settings/backups").status_code == 303
    assert "Being made" in client.get("/settings/backups").text
    with app.app_context():
        while jobs.make_due():
            pass
    page = client.get("/settings/backups").text
    assert "Verified" in page
    with filled.owner.acting():
        row = db.session.scalars(sa.select(Backup).order_by(Backup.id.desc())).first()
        assert row is not None
        assert (row.state, row.reason) == ("ready", "")
        url = f"/settings/backups/{row.id}/file"
    answer = client.get(url)
    path = tmp_path / "downloaded.zip"
    path.write_bytes(answer.data)
    assert run("verify", path).exit_code == 0
    listed = json.loads(run("list", "--organization", "shop", "--json").stdout)
    assert listed[0]["verified_at"]
    for other in (filled.manager, filled.stranger):
        assert other.client().get(url).status_code in (403, 404)


@SQLITE
def test_a_backup_is_restored_for_a_trial(archive: Path, tmp_path: Path) -> None:
    assert drill.run_drill(archive) == ""
    cut = tmp_path / "cut.zip"
    cut.write_bytes(archive.read_bytes()[:-100])
    assert "cut off" in drill.run_drill(cut)


@SQLITE
def test_the_daily_one_is_made_at_its_hour(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    app.config["BACKUP_SCHEDULE"] = "DAILY"
    id_ = cast.owner.organization_id  # in Jakarta, seven hours ahead

    def asks_at(moment: dt.datetime) -> bool:
        monkeypatch.setattr(keeping, "database_now", lambda: moment)
        with app.app_context(), use_organization(id_):
            before = db.session.scalar(sa.select(sa.func.count()).select_from(Backup))
            keeping.request_daily(id_)
            return db.session.scalar(sa.select(sa.func.count()).select_from(Backup)) != before

    with app.app_context(), transaction() as session:
        session.get_one(Organization, id_).created_at = NOON
    assert not asks_at(NOON + dt.timedelta(hours=2))
    assert not asks_at(NOON + dt.timedelta(hours=23))
    assert asks_at(NOON + dt.timedelta(hours=32, minutes=1)), "late"


def test_what_is_kept() -> None:
    """Of two years of daily ones: seven days, four weeks, twelve months, and always the last verified one."""
    days = [Kept(number, NOON - dt.timedelta(days=number), is_verified=False) for number in range(730)]
    kept = {one.id for one in days} - to_delete(days)
    assert set(range(7)) <= kept
    assert 12 <= len(kept) <= 7 + 4 + 12
    assert max(kept) > 300
    verified = [Kept(one.id, one.at, is_verified=one.id == 500) for one in days]
    assert 500 not in to_delete(verified)
    assert to_delete([]) == set()


@SQLITE
def test_the_whole_installation(run: Run, filled: Cast, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    assert run("create", "--all", "--output", path, "--json").exit_code == 0
    assert run("verify", path).exit_code == 0
    with zipfile.ZipFile(path) as file:
        database = Path(file.extract("database.sqlite3", tmp_path))
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM organizations").fetchone() == (2,)
    connection.close()
    refused = run("restore", path, "--slug", "again")
    assert refused.exit_code == 1
    assert "whole installation" in refused.stderr
    assert run("create", "--all", "--organization", "shop").exit_code == 1


@SQLITE
def test_a_file_that_was_changed_in_the_copy_of_an_installation_is_noticed(
    run: Run, filled: Cast, tmp_path: Path
) -> None:
    path, other = tmp_path / "all.zip", tmp_path / "other.zip"
    assert run("create", "--all", "--output", path).exit_code == 0
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    stored = next(name for name in members if name.startswith("storage/receipts/"))
    for spoilt in ({stored: b"%PDF another"}, {"storage/receipts/1/more": b""}, {"files.ndjson": b""}):
        with zipfile.ZipFile(other, "w") as file:
            for name, content in (members | spoilt).items():
                file.writestr(name, content)
        refused = run("verify", other)
        assert refused.exit_code == 1
        assert "hash is another" in refused.stderr or "others than when it was made" in refused.stderr


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_where_no_dump_would_have_a_row_each_organization_is_archived(run: Run, filled: Cast, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    said = json.loads(run("create", "--all", "--output", path, "--json").stdout)
    assert [one["slug"] for one in said["organizations"]] == ["shop", "rival"]
    assert said["rows"]["organizations"] == 2
    assert run("verify", path).exit_code == 0
    refused = run("restore", path)
    assert refused.exit_code == 1
    assert "Unpack it" in refused.stderr
    with zipfile.ZipFile(path) as file:
        archive = Path(file.extract(said["organizations"][0]["name"], tmp_path))
        members = {name: file.read(name) for name in file.namelist()}
    assert run("restore", archive, "--slug", "again").exit_code == 0
    name = said["organizations"][1]["name"]
    with zipfile.ZipFile(path, "w") as file:
        for each, content in (members | {name: members[said["organizations"][0]["name"]]}).items():
            file.writestr(each, content)
    assert "hash is another" in run("verify", path).stderr


def test_without_a_place_a_backup_is_kept_and_listed(app: Flask, run: Run, filled: Cast) -> None:
    said = json.loads(run("create", "--organization", "shop", "--json").stdout)
    assert run("verify", said["file"]).exit_code == 0
    (listed,) = json.loads(run("list", "--organization", "shop", "--json").stdout)
    assert (listed["id"], listed["key"], listed["state"]) == (said["id"], said["key"], "ready")
    assert listed["verified_at"]
    assert "Verified" in filled.owner.client().get("/settings/backups").text
    with app.app_context():
        assert not jobs.make_due(), "nothing is left to make"

    of_all = json.loads(run("create", "--all", "--json").stdout)
    assert run("verify", of_all["file"]).exit_code == 0
    rows = json.loads(run("list", "--json").stdout)
    assert [row["organization"] for row in rows] == ["shop", "all organizations"]
    assert rows[1]["key"] == of_all["key"]
    assert run("list").exit_code == 0


@SQLITE
def test_one_that_ends_by_an_error_of_the_program_is_not_being_made_for_ever(app: Flask, filled: Cast) -> None:
    def spoil(days: str) -> None:
        """Let no program read the table, as after an accident with the database."""
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE invoices SET date = {days}"))

    client = filled.owner.client()
    client.post("/settings/backups")
    spoil("'no day'")
    with app.app_context():
        jobs.make_due()
    page = client.get("/settings/backups").text
    assert "Being made" not in page
    assert "The program stopped by an error (ValueError)" in page
    spoil("'2026-11-02'")
    client.post("/settings/backups")
    with app.app_context():
        assert jobs.make_due()
    assert "Verified" in client.get("/settings/backups").text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_restore_waits_for_nobody_who_holds_ids(app: Flask, archive: Path, run: Run) -> None:
    """Somebody has taken an id of customers and is about to take one of an earlier table."""
    with app.app_context(), db.engine.begin() as busy:
        busy.execute(sa.text("SELECT nextval(pg_get_serial_sequence('customers', 'id'))"))
        restoring = threading.Thread(target=run, args=("restore", archive, "--slug", "again"))
        restoring.start()
        restoring.join(3)
        busy.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
        busy.execute(sa.text("SELECT nextval(pg_get_serial_sequence('branches', 'id'))"))
    restoring.join(120)
    assert "again" in run("list", "--json").stdout or run("list", "--organization", "again").exit_code == 0


def test_a_restore_that_was_killed_leaves_nothing(
    app: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch, filled: Cast, run: Run
) -> None:
    """At any batch: nobody sees a part of it, and later it is gone."""
    before = _counts(app)
    for batch in (1, 5, 12, 25):
        _killed_at(app, archive, batch, monkeypatch)
        assert _counts(app) == before
    assert run("restore", archive, "--slug", "again").exit_code == 0


@pytest.mark.long
def test_a_restore_that_was_killed_at_fifty_moments_leaves_nothing(
    app: Flask, environ: dict[str, str], archive: Path, monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path
) -> None:
    before, killed, slug = _counts(app), 0, "again-1"
    chance = random.Random(seed := random.randrange(1_000_000))
    monkeypatch.setattr(removal, "database_now", lambda: clock.utcnow() + dt.timedelta(hours=1))
    while killed < 50:
        command = [str(BIN / "flask"), "--app", "wsgi", "backup", "restore", str(archive), "--slug", slug]
        process = Process.fork(command, tmp_path / "restore.log", environ)
        time.sleep(chance.uniform(0.1, 3))
        process.kill()
        with app.app_context():
            removal.drop_unfinished()
            is_whole = db.session.scalar(sa.select(Organization.id).where(Organization.slug == slug)) is not None
        if is_whole:
            before, slug = _counts(app), f"again-{len(before)}"
        else:
            killed += 1
            assert _counts(app) == before, (killed, seed)
    assert run("restore", archive, "--slug", slug).exit_code == 0


def _killed_at(app: Flask, archive: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a restore die at a batch: nobody sees a part of it, and later what it left is taken away."""
    child = get_context("fork").Process(target=_die_at, args=(app, archive, batch))
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    listed = app.test_cli_runner().invoke(args=["org", "list", "--json"]).stdout
    assert {row["slug"] for row in json.loads(listed)} == {"shop", "rival"}
    monkeypatch.setattr(removal, "database_now", lambda: clock.utcnow() + dt.timedelta(hours=1))
    with app.app_context():
        assert removal.drop_unfinished() == 1


def _die_at(app: Flask, path: Path, batch: int) -> None:
    seen = 0
    real = restore._renew_lease

    def renew(under_way: object) -> None:
        nonlocal seen
        seen += 1
        if seen == batch:
            os.kill(os.getpid(), signal.SIGKILL)
        real(under_way)  # type: ignore[arg-type]  # it is what it gets

    restore._renew_lease = renew  # type: ignore[assignment]  # in a process that dies
    with app.app_context():
        restore.restore(path, "again")


def _counts(app: Flask) -> dict[str, int]:
    left_out = {"installations", "customer_totals"}
    with app.app_context():
        found = {}
        for id_ in db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all():
            with use_organization(id_):
                for table in Base.metadata.sorted_tables:
                    if table.name not in left_out:
                        here = [table.c.organization_id == id_] if "organization_id" in table.columns else []
                        counted = sa.select(sa.func.count()).select_from(table).where(*here)
                        found[f"{id_} {table.name}"] = db.session.connection().scalar(counted) or 0
        return found
