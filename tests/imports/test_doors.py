"""Imports by page, command and API: the same verdicts, sums and refusals."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.api.conftest import Client
from tests.factories import Cast, Person, make_customer
from tests.imports.conftest import Shop
from tests.imports.steps import work
from tests.product import flask

FILE = (
    "Name,Phone,E-mail,City\n"
    "Ani Wijaya,081234567892,ani@example.com,Bogor\n"
    "Siti Rahma,081234567890,,Bandung\n"
    "Dewi Lestari,081234567895,not an e-mail,Jakarta\n"
)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def uploaded(text: str = FILE, name: str = "people.csv") -> dict[str, Any]:
    return {"file": (io.BytesIO(text.encode()), name)}


def test_a_file_goes_from_the_page_into_the_customers_and_back(app: Flask, cast: Cast, shop: Shop) -> None:
    with cast.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890")
    client = cast.manager.client()

    answer = client.post("/imports/new", data=uploaded())
    assert (answer.status_code, answer.location) == (303, "/imports/1")
    assert 'data-state="uploaded"' in client.get("/imports/1").text
    work(app)
    page = client.get("/imports/1").text
    assert 'data-state="checked"' in page
    tabs = re.findall(r'data-verdict="(\w+)"[^>]*>[^<]+<span class="count">(\d+)<', page)
    assert tabs == [("error", "1"), ("changed", "1"), ("new", "1")]
    assert "not an e-mail" in client.get("/imports/1/rows?verdict=error").text
    assert "Ani Wijaya" not in client.get("/imports/1/rows?verdict=error").text

    assert client.post("/imports/1/commit").status_code == 303
    work(app)
    assert {row["name"]: row["city"] for row in shop.customers()} == {"Siti Rahma": "Bandung", "Ani Wijaya": "Bogor"}
    assert "Ani Wijaya" in client.get("/imports/1/rows?verdict=created").text

    assert client.post("/imports/1/undo").status_code == 303
    work(app)
    assert [(row["name"], row["city"]) for row in shop.customers()] == [("Siti Rahma", "")]
    assert 'data-state="undone"' in client.get("/imports/1").text
    assert client.get("/imports").text.count("people.csv") == 1


@SQLITE
def test_a_wrong_cell_is_corrected_in_place(app: Flask, cast: Cast, shop: Shop) -> None:
    client = cast.manager.client()
    client.post("/imports/new", data=uploaded(FILE + "Dewi Lestari,,dewi@example.com,\n"))
    work(app)
    assert shop.verdicts(1) == ["new", "new", "error", "new"]
    row = shop.row(1, 4)
    assert 'value="not an e-mail"' in client.get(f"/imports/1/rows/{row['id']}").text

    answer = client.post(f"/imports/1/rows/{row['id']}", data={"cell_2": "dewi@example.com"})

    assert answer.status_code == 303
    assert shop.verdicts(1) == ["new", "new", "new", "duplicate"]
    assert shop.row(1, 5)["twin"] == 4
    sums = shop.sums(1)
    assert (sums["new"], sums["duplicate"], sums["error"]) == (3, 1, 0)
    assert shop.commit(1)["created"] == 3
    assert client.post(f"/imports/1/rows/{row['id']}", data={"cell_2": "x"}).status_code == 422


@SQLITE
def test_one_decision_for_all_rows_like_it(app: Flask, cast: Cast, shop: Shop) -> None:
    client = cast.manager.client()
    bad = "".join(f"Person{at} Bad,0812345700{at:02},no e-mail {at},\n" for at in range(20))
    client.post("/imports/new", data=uploaded(FILE + bad))
    work(app)
    assert shop.sums(1)["error"] == 21
    row = shop.row(1, 4)

    answer = client.post(f"/imports/1/rows/{row['id']}/choice", data={"choice": "without", "alike": "1"})
    assert answer.status_code == 303
    work(app)
    assert (shop.sums(1)["error"], shop.sums(1)["new"]) == (0, 23)

    row = shop.row(1, 3)
    client.post(f"/imports/1/rows/{row['id']}/choice", data={"choice": "skip"})
    sums = shop.commit(1)
    assert (sums["created"], sums["skipped"]) == (22, 1)
    assert "Siti Rahma" not in {row["name"] for row in shop.customers()}


@SQLITE
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Email,City\nani@example.com,Bogor\nbudi@example.com,Solo\n,Depok\n", {"ani@example.com", "budi@example.com"}),
        ("Name,Company,Phone\n,Toko Maju,081234567892\n,,081234567893\n", {"Toko Maju", "081234567893"}),
    ],
)
def test_who_has_no_name_can_be_called_by_what_there_is(
    app: Flask, cast: Cast, shop: Shop, text: str, names: set[str]
) -> None:
    client = cast.manager.client()
    client.post("/imports/new", data=uploaded(text))
    work(app)
    assert set(shop.verdicts(1)) == {"error"}
    row = shop.row(1, 2)
    assert (row["code"], row["suggestion"]["name"] in names) == ("no_name", True)
    assert "Take the suggestion for all" in client.get("/imports/1").text

    client.post(f"/imports/1/rows/{row['id']}/choice", data={"choice": "suggested", "alike": "1"})
    work(app)

    assert shop.commit(1)["created"] == 2
    assert {row["name"] for row in shop.customers()} == names


@SQLITE
def test_what_failed_comes_back_in_the_same_columns_and_can_be_imported(app: Flask, cast: Cast, shop: Shop) -> None:
    client = cast.manager.client()
    client.post("/imports/new", data=uploaded())
    work(app)
    shop.commit(1)

    answer = client.get("/imports/1/failed.csv")

    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert header == ["Name", "Phone", "E-mail", "City", "Reason"]
    # Excel would take the first 0 off a number that looks like one.
    assert [row[:4] for row in rows] == [["Dewi Lestari", '="081234567895"', "not an e-mail", "Jakarta"]]
    assert rows[0][4]
    mended = answer.text.replace("not an e-mail", "dewi@example.com")
    client.post("/imports/new", data=uploaded(mended))
    work(app)
    assert (shop.sums(2)["rows"], shop.sums(2)["new"]) == (1, 1)


@SQLITE
def test_what_failed_has_the_delimiter_of_the_file_all_its_cells_and_harmless_ones(
    app: Flask, cast: Cast, shop: Shop
) -> None:
    client = cast.manager.client()
    lines = (
        "Name;Telefon;E-Mail;Ort",
        "Jörg Groß;+49 171 1234567;keine;Köln",
        "Ute Maß;0049171123456;ute@example.com;Bonn;geschäftlich;2",
        "=cmd();+4917112345678;nein;Köln",
    )
    content = io.BytesIO("\r\n".join(lines).encode("cp1252"))
    client.post("/imports/new", data={"file": (content, "liste.csv")})
    work(app)
    assert shop.sums(1)["error"] == 3

    answer = client.get("/imports/1/failed.csv")

    header, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";")
    assert header == ["Name", "Telefon", "E-Mail", "Ort", "", "", "Reason"]
    assert [row[:6] for row in rows] == [
        ["Jörg Groß", "+49 171 1234567", "keine", "Köln", "", ""],
        ["Ute Maß", '="0049171123456"', "ute@example.com", "Bonn", "geschäftlich", "2"],
        ["'=cmd()", '="+4917112345678"', "nein", "Köln", "", ""],
    ]
    assert all(row[6] for row in rows)
    client.post("/imports/new", data=uploaded(answer.text.replace("keine", "").replace("nein", "")))
    work(app)
    assert {shop.row(2, number)["entry"]["contact"]["phone"] for number in (2, 4)} == {
        "+491711234567",
        "+4917112345678",
    }


@SQLITE
def test_cells_beyond_the_last_column_are_shown_and_have_to_go(app: Flask, cast: Cast, shop: Shop) -> None:
    client = cast.manager.client()
    client.post("/imports/new", data=uploaded("Name,City\nAni Wijaya,Bogor, Jawa Barat\nBudi Santoso,Solo\n"))
    work(app)
    page = client.get("/imports/1").text
    assert "This row has more cells than there are columns." in page
    assert "Jawa Barat" in page
    url = f"/imports/1/rows/{shop.row(1, 2)['id']}"
    assert 'name="cell_2"' in client.get(url).text

    client.post(url, data={"cell_1": "Bogor"})
    assert shop.verdicts(1) == ["error", "new"]
    client.post(url, data={"cell_1": "Bogor, Jawa Barat", "cell_2": ""})
    assert shop.verdicts(1) == ["new", "new"]
    assert shop.commit(1)["created"] == 2
    assert shop.named("Ani Wijaya")["city"] == "Bogor, Jawa Barat"


@SQLITE
def test_unknown_columns_are_asked_for_and_remembered(app: Flask, cast: Cast, shop: Shop) -> None:
    client = cast.manager.client()
    text = "qqq,www\nAni Wijaya,081234567892\n"
    client.post("/imports/new", data=uploaded(text))
    work(app)
    assert shop.commit_refused(1)
    assert 'data-state="recognised"' in client.get("/imports/1").text
    assert client.post("/imports/1/mapping", data={"mode": "add"}).status_code == 422

    columns = {"column_0": "name", "column_1": "phone", "mode": "add"}
    assert client.post("/imports/1/mapping", data=columns).status_code == 303
    work(app)
    assert shop.commit(1)["created"] == 1

    client.post("/imports/new", data=uploaded(text + "Budi Santoso,081234567893\n"))
    work(app)
    assert (shop.sums(2)["new"], shop.sums(2)["same"]) == (1, 1)


@SQLITE
def test_the_very_same_file_is_said_and_a_refused_one_says_why(app: Flask, cast: Cast, shop: Shop) -> None:
    client = cast.manager.client()
    assert "Choose a file" in client.post("/imports/new", data={}).text
    assert "empty" in client.post("/imports/new", data=uploaded("")).text
    client.post("/imports/new", data=uploaded())
    work(app)
    shop.commit(1)
    client.post("/imports/new", data=uploaded())
    work(app)
    assert "The very same file" in client.get("/imports/2").text
    answer = client.post("/imports/new", data=uploaded("%PDF-1.4\n%%EOF", "list.csv"))
    assert answer.status_code == 422
    page = answer.text
    assert "PDF" in page


def test_the_command_prints_the_sums_and_undoes(
    cast: Cast, shop: Shop, environ: dict[str, str], tmp_path: Path
) -> None:
    with cast.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890")
    file = tmp_path / "people.csv"
    file.write_text(FILE)
    run = ("customers", "import", str(file), "--organization", "shop", "--json")

    found = json.loads(flask(environ, *run, "--dry-run"))
    assert found == {"id": 1, "rows": 3, "new": 1, "changed": 1, "same": 0, "duplicate": 0, "review": 0, "error": 1}
    assert len(shop.customers()) == 1

    found = json.loads(flask(environ, *run))
    assert found == {
        "id": 2,
        "rows": 3,
        "created": 1,
        "updated": 1,
        "same": 0,
        "skipped": 0,
        "review": 0,
        "failed": 1,
    }
    assert len(shop.customers()) == 2

    assert json.loads(flask(environ, "customers", "import-undo", "2", "--json")) == {
        "reversed": 2,
        "kept": 0,
        "errored": 0,
        "rows": [],
    }
    assert [(row["name"], row["city"]) for row in shop.customers()] == [("Siti Rahma", "")]


@SQLITE
def test_the_command_refuses_in_a_sentence(cast: Cast, environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    for content, said in ((b"%PDF-1.4\n", "PDF"), (b"", "empty"), (b"qqq,www\n1,2\n", "which column is which")):
        file.write_bytes(content)
        with pytest.raises(AssertionError, match=said):
            flask(environ, "customers", "import", str(file), "--organization", "shop")
    with pytest.raises(AssertionError, match="no import 7"):
        flask(environ, "customers", "import-undo", "7")
    with pytest.raises(AssertionError, match="Invalid value for 'ID'"):
        flask(environ, "customers", "import-undo", "9" * 30)


@SQLITE
def test_by_the_api(app: Flask, cast: Cast, shop: Shop, client_of: Callable[[Person], Client]) -> None:
    api = client_of(cast.manager)
    answer = api.call("POST", "imports/", data={**uploaded(), "dry_run": "true"})
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith("/api/imports/1/")
    assert api.call("POST", "imports/1/commit/").status_code == 409
    work(app)
    found = api.get("imports/1/")
    assert (found["state"], found["rows"], found["new"], found["error"]) == ("checked", 3, 2, 1)
    assert found["created"] == found["failed"] == 0
    assert api.call("POST", "imports/1/commit/").status_code == 202
    work(app)
    found = api.get("imports/1/")
    assert (found["state"], found["created"], found["failed"], found["new"]) == ("done", 2, 1, 0)
    assert api.call("POST", "imports/1/undo/").status_code == 202
    work(app)
    assert api.get("imports/1/")["undo"] == {"reversed": 2, "kept": 0, "errored": 0}
    assert shop.customers() == []

    api.call("POST", "imports/", data=uploaded())
    work(app)
    assert api.get("imports/2/")["state"] == "done"
    assert api.call("POST", "imports/").status_code == 415
    for wrong in ({**uploaded(), "mode": "everything"}, {**uploaded(), "dry_run": "perhaps"}, uploaded("")):
        assert api.call("POST", "imports/", data=wrong).status_code == 400
    for content, said in (("%PDF-1.4\n%%EOF", "PDF"), ("GIF89a" + "x" * 50, "picture"), ("<html>", "web page")):
        refused = api.call("POST", "imports/", data=uploaded(content, "list.csv"))
        assert refused.status_code == 400
        assert said in refused.json["errors"]["file"][0]
    assert api.call("GET", "imports/3/").status_code == 404
    assert client_of(cast.stranger).call("GET", "imports/1/").status_code == 404
    assert client_of(cast.staff).call("GET", "imports/1/").status_code == 403
