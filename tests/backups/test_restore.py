"""An archive has all of an organization, and a restore brings all of it back, beside others or where nobody was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Membership, Organization, User
from crm.customers.models import Customer, CustomerSearch
from crm.duplicates import services as duplicates
from crm.invoices.models import Receipt
from crm.kernel import storage
from crm.kernel.columns import Base
from crm.kernel.data import Backup
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import use_organization
from crm.loyalty import queries as ledger
from crm.loyalty import services as points
from crm.messages.models import Message
from crm.rewards import services as rewards
from crm.rewards.models import Reward, Voucher
from tests.backups.conftest import Run, manifest, parts, rows
from tests.backups.test_hostile import packed, rewritten
from tests.factories import PDF, Cast, make_customer, make_duplicate, make_message, make_points_entry, make_reward

EMPTY_TABLES = {
    "merges",
    "bulk_change_rows",
    "removed_contacts",
    "stop_words",
    "whatsapp_ids",
    "reports",
}
"""Tables that the factories leave empty."""


def restored(run: Run, *arguments: Any) -> dict[str, Any]:
    result = run("restore", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def everything(app: Flask, organization_id: int) -> dict[str, list[str]]:
    """Return all rows of an organization, as text, by table."""
    found = {}
    with app.app_context(), use_organization(organization_id):
        for table in Base.metadata.sorted_tables:
            if "organization_id" in table.columns:
                here = sa.select(table).where(table.c.organization_id == organization_id)
                found[table.name] = sorted(repr(row) for row in db.session.connection().execute(here).all())
    return found


def test_the_archive_has_a_row_of_every_table(app: Flask, archive: Path) -> None:
    with app.app_context():
        wanted = {name for name, declared in catalog().data.items() if not declared.left_out}
    counts = {name: table["rows"] for name, table in manifest(archive)["tables"].items()}
    assert counts.keys() == wanted
    assert {name for name, count in counts.items() if not count} <= EMPTY_TABLES
    for name, content in parts(archive).items():
        if name.startswith("data/"):
            declared = manifest(archive)["tables"][name[5:-7]]
            assert declared["sha256"] == hashlib.sha256(content).hexdigest()
            assert declared["rows"] == len(content.splitlines())


def test_the_archive_has_no_secret(app: Flask, archive: Path, filled: Cast) -> None:
    with app.app_context():
        hashes = list(db.session.scalars(sa.select(User.password_hash)))
    whole = b"".join(parts(archive).values())
    assert hashes
    assert not any(hash_.encode() in whole for hash_ in hashes)
    assert {"data/organization_secrets.ndjson", "data/sign_ins.ndjson"}.isdisjoint(parts(archive))


def test_restored_where_nobody_was_it_is_the_same(
    app: Flask, archive: Path, run: Run, empty: Callable[[], None], tmp_path: Path
) -> None:
    """Ids and all: an archive of the restored organization differs in nothing but the manifest's times."""
    empty()
    said = restored(run, archive)
    assert said["same_ids"]
    assert said["corrected"] == []
    again = tmp_path / "again.zip"
    assert run("create", "--organization", "shop", "--output", again).exit_code == 0
    before, after = parts(archive), parts(again)
    assert before.keys() == after.keys()
    for name in before:
        assert before[name] == after[name], name
    tables = [manifest(path)["tables"] for path in (archive, again)]
    for name in tables[0]:
        assert tables[0][name] == tables[1][name] | {"last_id": tables[0][name]["last_id"]}
        assert tables[0][name]["last_id"] <= tables[1][name]["last_id"], "no id is used again"


def test_restored_beside_the_first_it_changes_no_row_of_it(app: Flask, archive: Path, run: Run, filled: Cast) -> None:
    shop, rival = filled.owner.organization_id, filled.stranger.organization_id
    before = everything(app, shop), everything(app, rival)
    said = restored(run, archive, "--slug", "shop-two")
    assert (everything(app, shop), everything(app, rival)) == before
    assert not said["same_ids"]
    counts = {name: table["rows"] for name, table in manifest(archive)["tables"].items()}
    assert said["rows"] == {name: count for name, count in counts.items() if name != "memberships"}
    for command in ("loyalty", "stats", "invoices"):
        assert app.test_cli_runner().invoke(args=[command, "verify"]).exit_code == 0


def test_the_copy_is_the_original_but_for_its_ids(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    restored(run, archive, "--slug", "shop-two")
    again = tmp_path / "again.zip"
    assert run("create", "--organization", "shop-two", "--output", again).exit_code == 0
    with app.app_context():
        declared = catalog().data
    for name in manifest(archive)["tables"].keys() - {"organizations", "users", "memberships"}:
        first, second = rows(archive, name), rows(again, name)
        assert len(first) == len(second), name
        ids = [row["id"] for row in second]
        assert ids == sorted(ids)
        assert not ids or min(ids) > max(row["id"] for row in first), "new ids"
        for one, two in zip(first, second, strict=True):
            for column, value in one.items():
                if column == "id" or declared[name].column(column).backup is Backup.REMAP:
                    assert (value is None) == (two[column] is None), f"{name}.{column}"
                else:
                    assert value == two[column], f"{name}.{column}"


def test_files_come_back_under_keys_of_their_own(app: Flask, archive: Path, run: Run) -> None:
    said = restored(run, archive, "--slug", "shop-two")
    with app.app_context(), use_organization(said["id"]):
        receipts = db.session.scalars(sa.select(Receipt)).all()
        assert receipts
        for receipt in receipts:
            assert receipt.original_key.startswith(f"receipts/{said['id']}/")
            assert storage.current().get(receipt.original_key) == PDF


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_rows_are_found_by_is_computed(app: Flask, archive: Path, run: Run, filled: Cast, tmp_path: Path) -> None:
    """An archive may lack it, being older, or lie."""
    members, declared = parts(archive), manifest(archive)
    said = {"leads": "zzz", "area_customers": "", "bookings": "zzz", "invoices": "", "customers": "zzz"}
    for table, word in said.items():
        column = "name_key" if table == "customers" else "search_text"
        rewritten(members, declared, table, lambda rows, to=(column, word): [row.update([to]) for row in rows] and None)
    id_ = restored(run, packed(tmp_path / "old.zip", members, declared), "--slug", "again")["id"]
    for table in said:
        columns = Base.metadata.tables[table].c
        column = columns.name_key if table == "customers" else columns.search_text
        with app.app_context(), db.engine.connect() as connection:
            texts = [
                connection.scalars(sa.select(column).where(columns.organization_id == of).order_by(columns.id)).all()
                for of in (filled.owner.organization_id, id_)
            ]
        assert any(texts[0]), table
        assert texts[0] == texts[1], table


def test_customers_of_the_copy_are_found(app: Flask, archive: Path, run: Run) -> None:
    said = restored(run, archive, "--slug", "shop-two")
    with app.app_context(), use_organization(said["id"]):
        here = sa.select(CustomerSearch.customer_id).where(CustomerSearch.organization_id == said["id"])
        unmerged = sa.select(Customer.id).where(Customer.merged_into_id.is_(None))
        assert set(db.session.scalars(here)) == set(db.session.scalars(unmerged))


def test_a_merge_is_undone_in_the_copy(app: Flask, cast: Cast, run: Run, tmp_path: Path) -> None:
    """What an undo needs are rows and ids in JSON, of several features."""
    with cast.owner.acting():
        first, second = make_customer(name="Sari", phone="+6281234500001"), make_customer(name="Sari W")
        make_message(customer_id=second)
        make_points_entry(second)
        entry_id = make_duplicate(first, second)
        duplicates.merge(entry_id, first, {})
    path = tmp_path / "shop.zip"
    assert run("create", "--organization", "shop", "--output", path).exit_code == 0
    said = restored(run, path, "--slug", "shop-two")
    with app.app_context(), use_organization(said["id"]):
        found = {row.name: row for row in db.session.scalars(sa.select(Customer))}
        assert found["Sari W"].merged_into_id == found["Sari"].id
        assert found["Sari"].loyalty_points == 620
        new_entry = entry_id + rows_distance(said, path, "duplicates")
        duplicates.undo(new_entry)
    with app.app_context(), use_organization(said["id"]):
        found = {row.name: row for row in db.session.scalars(sa.select(Customer))}
        assert found["Sari W"].merged_into_id is None
        assert found["Sari W"].loyalty_points == 620
        assert found["Sari"].loyalty_points == 0
        (message,) = db.session.scalars(sa.select(Message))
        assert message.customer_id == found["Sari W"].id
    with cast.owner.acting():
        assert db.session.get_one(Customer, second).merged_into_id == first, "the original stays merged"


def test_points_and_vouchers_go_on_in_the_copy(app: Flask, cast: Cast, run: Run, tmp_path: Path) -> None:
    with cast.owner.acting():
        sari, reward = make_customer(name="Sari"), make_reward(cost=30)
        points.change_points(sari, 100)
        vouchers = [rewards.redeem(sari, reward) for _ in range(3)]
        rewards.use(vouchers[1].id)
        rewards.cancel(vouchers[2].id)
        codes = [voucher.code for voucher in vouchers]
    path = tmp_path / "shop.zip"
    assert run("create", "--organization", "shop", "--output", path).exit_code == 0
    said = restored(run, path, "--slug", "shop-two")
    with app.app_context(), use_organization(said["id"]):
        customer = db.session.scalars(sa.select(Customer)).one()
        assert (customer.loyalty_points, ledger.differences()) == (40, [])
        kept, used, canceled = (
            db.session.scalars(sa.select(Voucher).where(Voucher.code == code)).one() for code in codes
        )
        rewards.use(kept.id)
        for over in (used, canceled):
            with pytest.raises(ConflictError):
                rewards.use(over.id)
        points.give_back(used.entry_id or 0, "Test")
        rewards.redeem(customer.id, db.session.scalars(sa.select(Reward.id)).one())
        assert ledger.differences() == []
    with cast.owner.acting():
        assert db.session.get_one(Customer, sari).loyalty_points == 40
        assert db.session.get_one(Voucher, vouchers[0].id).used_at is None


def rows_distance(said: dict[str, Any], path: Path, table: str) -> int:
    """Return how far the ids of a table moved."""
    id_ = max(row["id"] for row in rows(path, table))
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.set_config("app.organization_id", str(said["id"]), False)))
        found = Base.metadata.tables[table]
        here = sa.select(sa.func.max(found.c.id)).where(found.c.organization_id == said["id"])
        return int(connection.scalar(here) or 0) - id_


def test_nobody_becomes_a_member_unasked(app: Flask, archive: Path, run: Run) -> None:
    """The people of the original are names in the copy, and its owner invites them."""
    said = restored(run, archive, "--slug", "shop-two", "--owner", "stranger")
    assert "password" not in said, "the stranger has one"
    with app.app_context():
        of_copy = sa.select(User.username).join(Membership).where(Membership.organization_id == said["id"])
        assert list(db.session.scalars(of_copy)) == ["stranger"]
        stubs = list(db.session.scalars(sa.select(User).where(User.username.endswith("~shop-two"))))
        assert {user.password_hash for user in stubs} == {""}
        assert "owner~shop-two" in {user.username for user in stubs}
    client = app.test_client()
    assert client.post("/login", data={"username": "owner~shop-two", "password": ""}).status_code == 422


def test_a_new_owner_gets_a_password(app: Flask, archive: Path, run: Run, empty: Callable[[], None]) -> None:
    empty()
    said = restored(run, archive, "--owner", "owner")
    client = app.test_client()
    answer = client.post("/login", data={"username": "owner", "password": said["password"]})
    assert answer.status_code == 303
    assert client.get("/").status_code == 200


def test_a_user_of_the_archive_is_created_again(app: Flask, archive: Path, run: Run, empty: Callable[[], None]) -> None:
    empty()
    restored(run, archive)
    create = ["user", "create", "owner", "--organization", "shop", "--role", "owner", "--password-stdin"]
    assert app.test_cli_runner().invoke(args=create, input="three green apples\n").exit_code == 0
    answer = app.test_client().post("/login", data={"username": "owner", "password": "three green apples"})
    assert answer.status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_slug_that_is_taken_is_refused(archive: Path, run: Run, app: Flask) -> None:
    for arguments in ((archive,), (archive, "--slug", "rival"), (archive, "--slug", "No Slug")):
        result = run("restore", *arguments)
        assert result.exit_code == 1
        assert "--slug" in result.stderr
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Organization)) == 2


def test_wrong_totals_are_put_right_and_named(app: Flask, cast: Cast, run: Run, tmp_path: Path) -> None:
    with cast.owner.acting():
        customer_id = make_customer()
        make_points_entry(customer_id)
        table = Customer.__table__
        statement = sa.update(table).where(table.c.id == customer_id).values(loyalty_points=7, total_spent=9)
        with db.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                value = str(cast.owner.organization_id)
                connection.execute(sa.select(sa.func.set_config("app.organization_id", value, True)))
            connection.execute(statement)
    path = tmp_path / "shop.zip"
    assert run("create", "--organization", "shop", "--output", path).exit_code == 0
    said = restored(run, path, "--slug", "shop-two")
    assert len(said["corrected"]) == 2
    with app.app_context(), use_organization(said["id"]):
        (customer,) = db.session.scalars(sa.select(Customer))
        assert (customer.loyalty_points, customer.total_spent) == (620, 0)
