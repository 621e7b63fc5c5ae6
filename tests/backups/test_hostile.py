"""Archives that nobody should open: each is refused with a sentence before a row is written."""

from __future__ import annotations

import hashlib
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.kernel.columns import Base
from crm.kernel.extensions import db
from tests.backups.conftest import Run, manifest, parts

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Members = dict[str, bytes]
Spoil = Callable[[Members, dict[str, Any]], None]


def packed(path: Path, members: Members, declared: Any, *more: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """Write an archive of these members, and of `more` after them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        if declared is not None:
            file.writestr("manifest.json", declared if isinstance(declared, bytes | str) else json.dumps(declared))
        for name, content in members.items():
            file.writestr(name, content)
        for name, content in more:
            file.writestr(name, content)
    return path


def count_rows(app: Flask) -> dict[str, int]:
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def refused(app: Flask, run: Run, path: Path) -> str:
    """Return the sentence by which an archive is refused by both commands, and see that nothing changed."""
    before = count_rows(app)
    verified, done = run("verify", path), run("restore", path, "--slug", "evil")
    assert verified.exit_code == 1, verified.output
    assert done.exit_code == 1, done.output
    assert verified.stderr == done.stderr
    assert done.stderr.startswith("Error: ")
    assert count_rows(app) == before
    return done.stderr


def rewritten(members: Members, declared: dict[str, Any], table: str, change: Callable[[list[Any]], Any]) -> None:
    """Change the rows of a table, and its hash with them."""
    lines = [json.loads(line) for line in members[f"data/{table}.ndjson"].splitlines()]
    changed = change(lines)
    lines = lines if changed is None else changed
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    members[f"data/{table}.ndjson"] = content
    part = declared["tables"][table]
    part.update(rows=len(lines), bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/passwd",
        "data/../../evil",
        "data\\..\\evil",
        "C:/evil",
        "files/" + "A" * 64,
        "notes.txt",
        "data/x/y.ndjson",
    ],
)
def test_names_that_lead_elsewhere(app: Flask, archive: Path, run: Run, tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "evil.zip", parts(archive), manifest(archive), (name, b"x"))
    assert "name" in refused(app, run, path) or "no part of an archive" in refused(app, run, path)


def test_a_link(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("files/" + "0" * 64)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = packed(tmp_path / "evil.zip", parts(archive), manifest(archive), (link, b"/etc/passwd"))
    assert "link" in refused(app, run, path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_manifests(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    other = ("manifest.json", json.dumps(manifest(archive)).encode())
    assert "twice" in refused(app, run, packed(tmp_path / "evil.zip", parts(archive), manifest(archive), other))
    case = ("Manifest.json", b"{}")
    assert "one file" in refused(app, run, packed(tmp_path / "case.zip", parts(archive), manifest(archive), case))


def test_what_is_no_archive(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for number, content in enumerate((b"", b"PK", b"hello", whole[: len(whole) // 2], whole[:-30])):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(content)
        assert "cut off" in refused(app, run, path)
    assert "no file" in refused(app, run, tmp_path / "nowhere.zip")


def test_bytes_that_changed(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    """A flipped byte in the middle of any member is noticed."""
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as file:
        infos = [info for info in file.infolist() if info.compress_size > 8]
    for info in infos:
        start = info.header_offset + 30 + sum(struct.unpack_from("<HH", whole, info.header_offset + 26))
        place, path = start + info.compress_size // 2, tmp_path / f"{info.CRC}.zip"
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        result = run("verify", path)
        assert result.exit_code == 1, info.filename
        assert result.stderr.startswith("Error: ")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"product": "fizzy"}, "product"),
        ({"product": None}, "product"),
        ({"format": 2, "app_version": "9.1.0"}, "9.1.0"),
        ({"format": 10**30, "app_version": 7}, "newer version"),
        ({"format": True}, "format"),
        ({"format": "1"}, "format"),
        ({"tables": []}, "manifest"),
        ({"organization": {}}, "manifest"),
        ({"created_at": "yesterday"}, "manifest"),
        ({"created_at": "2026-01-01T00:00:00"}, "manifest"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "manifest"),
        ({"installation": "../x"}, "manifest"),
        ({"files": {"count": -1}}, "manifest"),
    ],
)
def test_manifests_of_others(
    app: Flask, archive: Path, run: Run, tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    path = packed(tmp_path / "evil.zip", parts(archive), manifest(archive) | change)
    assert word in refused(app, run, path)


@pytest.mark.parametrize("declared", [None, b"", b"[]", b"null", b'"x"', b"{", b"[" * 100_000, b'{"format": NaN}'])
def test_manifests_that_are_none(app: Flask, archive: Path, run: Run, tmp_path: Path, declared: Any) -> None:
    assert "manifest" in refused(app, run, packed(tmp_path / "evil.zip", parts(archive), declared))


def spoil_hash(members: Members, declared: dict[str, Any]) -> None:
    members["data/customers.ndjson"] = members["data/customers.ndjson"].replace(b"Sari", b"Rani")


def spoil_file(members: Members, declared: dict[str, Any]) -> None:
    (name,) = [name for name in members if name.startswith("files/")]
    members[name] = b"%PDF-1.4 another"


def spoil_people(members: Members, declared: dict[str, Any]) -> None:
    members["people/customers.csv"] += b"=cmd()\n"


def drop_member(members: Members, declared: dict[str, Any]) -> None:
    del members["data/events.ndjson"]


def add_member(members: Members, declared: dict[str, Any]) -> None:
    members["data/organization_secrets.ndjson"] = b""


def know_more(members: Members, declared: dict[str, Any]) -> None:
    declared["tables"]["events"]["columns"].append("planet")


def know_more_tables(members: Members, declared: dict[str, Any]) -> None:
    declared["tables"]["planets"] = declared["tables"]["events"]


def bring_secrets(members: Members, declared: dict[str, Any]) -> None:
    declared["tables"]["organization_secrets"] = declared["tables"]["events"]


def lose_column(members: Members, declared: dict[str, Any]) -> None:
    declared["tables"]["customers"]["columns"].remove("name")
    rewritten(members, declared, "customers", lambda rows: [row.pop("name") for row in rows] and None)


def change_rows(table: str, change: Callable[[list[Any]], Any]) -> Spoil:
    return lambda members, declared: rewritten(members, declared, table, change)


def set_in_first(table: str, **values: Any) -> Spoil:
    return change_rows(table, lambda rows: rows[0].update(values))


def merge_in_a_circle(rows: list[Any]) -> None:
    first, second, third = rows[:3]
    first["merged_into_id"], second["merged_into_id"] = second["id"], third["id"]
    third["merged_into_id"] = first["id"]


def set_too_large(members: Members, declared: dict[str, Any]) -> None:
    """A number of JSON that is none in a database."""
    rewritten(members, declared, "events", lambda rows: rows[0].update(changes={"points": [1, "1e999"]}))
    content = members["data/events.ndjson"].replace(b'"1e999"', b"1e999", 1)
    members["data/events.ndjson"] = content
    declared["tables"]["events"].update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_hash,
        spoil_file,
        spoil_people,
        drop_member,
        add_member,
        know_more,
        know_more_tables,
        bring_secrets,
        lose_column,
        set_in_first("customers", password_hash="x"),
        set_in_first("customers", organization_id=999),
        set_in_first("customers", id=0),
        set_in_first("customers", id=-5),
        set_in_first("customers", id=10**17),
        set_in_first("customers", id="1"),
        set_in_first("customers", name=5),
        set_in_first("customers", name="x" * 300),
        set_in_first("customers", name="\x00"),
        set_in_first("customers", name=None),
        set_in_first("customers", is_active="yes"),
        set_in_first("customers", created_at="today"),
        set_in_first("customers", total_spent=2**70),
        set_in_first("customers", total_spent=2**53),
        set_in_first("customers", total_spent=-1),
        set_in_first("customers", merged_into_id=2**53 + 1),
        set_in_first("invoices", amount=-150_000),
        set_in_first("bookings", amount=-1),
        set_in_first("points_entries", balance=-1),
        set_in_first("invoices", date="9999-12-31"),
        set_in_first("invoices", date="0001-01-01"),
        set_in_first("invoices", date="2026-02-30"),
        set_in_first("invoices", date="1026-11-02"),
        set_in_first("customers", created_at="9999-12-31T23:59:59.000000Z"),
        set_in_first("messages", send_at="0001-01-01T00:00:00+00:00"),
        set_in_first("events", changes={"points": [1, 2**53]}),
        change_rows("customers", lambda rows: rows[0].update(merged_into_id=rows[0]["id"])),
        change_rows("customers", lambda rows: merge_in_a_circle(rows)),
        set_in_first("organizations", time_zone="Mars/Base"),
        set_in_first("organizations", currency="ZZZ"),
        set_in_first("organizations", phone_region="??"),
        set_in_first("organizations", locale="qq_QQ"),
        set_in_first("organizations", language="xx"),
        set_in_first("memberships", role="king"),
        set_in_first("events", changes=float("inf")),
        set_too_large,
        set_in_first("messages", status="flying"),
        set_in_first("messages", customer_id=424242),
        set_in_first("messages", channel="pigeon"),
        set_in_first("points_entries", reverses_id=424242),
        set_in_first("receipts", original_key="../../secret_key"),
        set_in_first("receipts", original_key="a/b"),
        change_rows("customers", lambda rows: rows[::-1]),
        change_rows("customers", lambda rows: [rows[0], rows[0]]),
        change_rows("customers", lambda rows: [[], *rows]),
        change_rows("customers", lambda rows: [None, *rows]),
        change_rows("organizations", lambda rows: []),
        change_rows("organizations", lambda rows: [rows[0], rows[0] | {"id": rows[0]["id"] + 1}]),
    ],
)
def test_contents_that_contradict_the_manifest_or_themselves(
    app: Flask, archive: Path, run: Run, tmp_path: Path, spoil: Spoil
) -> None:
    members, declared = parts(archive), manifest(archive)
    spoil(members, declared)
    refused(app, run, packed(tmp_path / "evil.zip", members, declared))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (set_in_first("invoices", amount=-150_000), "amount in row 1 of invoices can't be: is less than 0."),
        (set_in_first("invoices", date="9999-12-31"), "is in the year 9999; from 1900 to 2199 it can be."),
        (change_rows("customers", merge_in_a_circle), "leads back to itself: nobody could follow it."),
        (set_in_first("customers", total_spent=2**53), "9007199254740992 is a larger number than any can be."),
    ],
)
def test_the_sentence_names_what_can_not_be(
    app: Flask, archive: Path, run: Run, tmp_path: Path, spoil: Spoil, said: str
) -> None:
    members, declared = parts(archive), manifest(archive)
    spoil(members, declared)
    assert said in refused(app, run, packed(tmp_path / "evil.zip", members, declared))


def test_half_characters(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    members, declared = parts(archive), manifest(archive)
    rewritten(members, declared, "customers", lambda rows: rows[0].update(name="\ud800"))
    refused(app, run, packed(tmp_path / "evil.zip", members, declared))


def test_bombs(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    """What is packed too tightly isn't unpacked, and a line that never ends isn't read."""
    members, declared = parts(archive), manifest(archive)
    zeros = b"0" * 30_000_000
    members["data/events.ndjson"] = zeros
    size = {"rows": 1, "bytes": len(zeros), "sha256": hashlib.sha256(zeros).hexdigest()}
    declared["tables"]["events"] |= size
    assert "tightly" in refused(app, run, packed(tmp_path / "bomb.zip", members, declared))
    with zipfile.ZipFile(tmp_path / "line.zip", "w", zipfile.ZIP_STORED) as file:
        for name, content in {"manifest.json": json.dumps(declared).encode(), **members}.items():
            file.writestr(name, content)
    assert "too long" in refused(app, run, tmp_path / "line.zip")


@pytest.mark.parametrize("about", [b"", b"[1]", b'"x"', b"{}", b'{"sha256": 5}', b"[" * 100_000, b" " * 5_000_000])
def test_copies_of_an_installation_that_are_none(run: Run, tmp_path: Path, about: bytes) -> None:
    path = packed(tmp_path / "evil.zip", {"installation.json": about, "database.sqlite3": b"x"}, None)
    result = run("verify", path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_what_only_the_database_notices_leaves_nothing(app: Flask, archive: Path, run: Run, tmp_path: Path) -> None:
    """Two branches of one name: the restore begins, ends with a sentence, and takes all back."""
    members, declared = parts(archive), manifest(archive)
    declared["tables"]["branches"]["last_id"] += 1
    last_id = declared["tables"]["branches"]["last_id"]
    rewritten(members, declared, "branches", lambda rows: [*rows, rows[-1] | {"id": last_id}])
    before = count_rows(app)
    result = run("restore", packed(tmp_path / "evil.zip", members, declared), "--slug", "evil")
    assert result.exit_code == 1
    assert "contradicts itself" in result.stderr
    after = count_rows(app)
    assert after | {"installations": 1} == before | {"installations": 1}


def without(table: str, column: str) -> Spoil:
    """Take a column with a default out of an archive, as if it were older than the column."""

    def spoil(members: Members, declared: dict[str, Any]) -> None:
        declared["tables"][table]["columns"].remove(column)
        rewritten(members, declared, table, lambda rows: [row.pop(column) for row in rows] and None)

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        set_in_first("events", changes=[1, 2]),
        set_in_first("messages", template=[1, 2]),
        without("messages", "status"),
        without("memberships", "disabled_at"),
    ],
)
def test_what_only_a_feature_notices_leaves_nothing(
    app: Flask, archive: Path, run: Run, tmp_path: Path, spoil: Spoil
) -> None:
    members, declared = parts(archive), manifest(archive)
    spoil(members, declared)
    before = count_rows(app)
    result = run("restore", packed(tmp_path / "evil.zip", members, declared), "--slug", "evil")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert count_rows(app) | {"installations": 1} == before | {"installations": 1}
