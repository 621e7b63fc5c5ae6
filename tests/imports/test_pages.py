"""The pages of an import: what each row becomes, what can be done about it, and what an undo kept."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask

from crm.imports import queries
from crm.imports.models import Import
from crm.imports.plans import plan_of
from crm.kernel.extensions import db
from tests.factories import Cast, make_branch, make_customer
from tests.imports.conftest import Shop, csv_of
from tests.imports.steps import work
from tests.test_queries import counted

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def text_of(html: str) -> str:
    """Return what a page says, without its elements."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split()).replace(" :", ":")


def test_the_button_says_exactly_what_happens(app: Flask, cast: Cast, shop: Shop) -> None:
    with cast.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890")
        make_customer(name="Toko Jaya", phone="081234567899")
    rows = [
        ("Ani", "081211112222", "ani@example.com", "Bogor"),
        ("Budi", "081211113333", "", "Bogor"),
        ("Siti Rahma", "081234567890", "", "Bandung"),
        ("Bambang Wijaya", "081234567899", "", ""),
        ("Ani", "081211112222", "", ""),
        ("Dewi", "", "no e-mail", ""),
    ]
    import_id = shop.check(rows)
    client = cast.manager.client()
    with cast.manager.acting():
        found = db.session.get_one(Import, import_id)
        assert plan_of(found) == (2, 1, 1, 1, 0, 1)

    page = text_of(client.get(f"/imports/{import_id}").text)
    assert "Import: add 2, change 1 customers" in page
    assert "1 row is left out." in page
    assert "1 row may be somebody who is here" in page
    assert "1 row is the same person as an earlier one" in page
    row = shop.row(import_id, 2)
    client.post(f"/imports/{import_id}/rows/{row['id']}/choice", data={"choice": "skip"})
    page = text_of(client.get(f"/imports/{import_id}").text)
    assert "2 rows are left out." in page


def test_all_that_are_like_it_take_what_is_suggested(app: Flask, cast: Cast, shop: Shop) -> None:
    rows = [(f"Person{at}", f"p{at}@example.com", f"0812111122{at:02}", "") for at in range(5)]
    right = [(f"Right{at}", f"0812111133{at:02}", f"r{at}@example.com", "") for at in range(8)]
    import_id = shop.check([*rows, ("Dewi", "", "no e-mail", ""), *right])
    client = cast.manager.client()
    page = client.get(f"/imports/{import_id}/rows?verdict=error").text
    assert "5 rows: The phone number and the e-mail address are in each other" in text_of(page)
    assert text_of(page).count("Take the suggestion for all") == 1

    row = shop.row(import_id, 2)
    client.post(f"/imports/{import_id}/rows/{row['id']}/choice", data={"choice": "suggested", "alike": "1"})
    work(app)

    assert shop.verdicts(import_id) == ["new"] * 5 + ["error"] + ["new"] * 8
    assert shop.commit(import_id)["created"] == 13
    assert shop.named("Person1")["email"] == "p1@example.com"


@SQLITE
def test_each_row_shows_what_it_changes_from_and_to(app: Flask, cast: Cast, shop: Shop) -> None:
    with cast.manager.acting():
        make_branch("Bandung")
        make_customer(name="Siti Rahma", phone="081234567890", city="Jakarta", notes="Likes tea")
    headers = ("Name", "Phone", "City", "Notes", "Branch", "SMS allowed")
    rows = [
        ("Siti Rahma", "081234567890", "Bandung", "", "Bandung", "no"),
        ("<b>Ani</b>", "812 1111 2222", "Solo", "a\nb", "", ""),
    ]
    import_id = shop.check(rows, "overwrite", headers=headers)
    client = cast.manager.client()

    changed = text_of(client.get(f"/imports/{import_id}/rows?verdict=changed").text)
    assert "City: Jakarta Bandung" in changed
    assert "Branch: Bandung" in changed
    assert "SMS: Yes No" in changed
    assert "Likes tea" not in changed
    new = client.get(f"/imports/{import_id}/rows?verdict=new").text
    assert "&lt;b&gt;Ani&lt;/b&gt;" in new
    assert "<b>Ani" not in new
    assert "0812-1111-2222" in new
    assert "The number came without its first 0." in new


@SQLITE
def test_what_an_undo_kept_is_named_with_its_reason(app: Flask, cast: Cast, shop: Shop) -> None:
    import_id = shop.check([("Ani", "081211112222", "", ""), ("Budi", "081211113333", "", "")])
    shop.commit(import_id)
    client = cast.manager.client()
    page = text_of(client.get(f"/imports/{import_id}").text)
    assert "Added 2" in page
    assert "It can be undone until" in page
    ani = shop.named("Ani")["id"]
    client.post(f"/customers/{ani}/edit", data={"name": "Ani", "phone": "081211112222", "city": "Solo"})

    shop.undo(import_id)

    page = client.get(f"/imports/{import_id}").text
    assert "Kept 1" in text_of(page)
    assert "Taken back 1" in text_of(page)
    assert f'href="/customers/{ani}"' in page
    assert "Changed or used since." in page
    assert "Budi" not in client.get(f"/imports/{import_id}/rows?verdict=kept").text
    assert "Budi" in client.get(f"/imports/{import_id}/rows?verdict=reversed").text


@SQLITE
def test_a_file_read_wrongly_is_read_in_another_way(app: Flask, cast: Cast, shop: Shop) -> None:
    client = cast.manager.client()
    content = "Name,Phone\nJosÃ© Núñez,081211112222\n".encode()
    client.post("/imports/new", data={"file": (io.BytesIO(content), "people.csv")})
    work(app)
    page = client.get("/imports/1").text
    assert "should be “José" in text_of(page) or "These values have special letters" in page

    client.post("/imports/1/reading", data={"delimiter": ";", "header_row": "1"})
    work(app)
    page = client.get("/imports/1").text
    assert 'data-state="recognised"' in page
    assert "Say below which column is what." in page
    client.post("/imports/1/reading", data={"delimiter": ",", "header_row": "1"})
    work(app)
    assert 'data-state="checked"' in client.get("/imports/1").text


@SQLITE
@pytest.mark.parametrize("typed", ["4", "999999", "three", "-1"])
def test_a_row_of_headings_that_is_not_there_is_said_at_the_field(
    app: Flask, cast: Cast, shop: Shop, typed: str
) -> None:
    import_id = shop.check([("Ani", "081211112222", "", ""), ("Budi", "081211113333", "", ""), ("Eko", "", "", "")])
    client = cast.manager.client()
    answer = client.post(f"/imports/{import_id}/reading", data={"header_row": typed})
    assert answer.status_code == 422
    at_field = answer.text.partition('id="header_row-error"')[2].partition("</p>")[0]
    assert "The headings have to stand above the last row, 4." in at_field
    assert f'value="{typed}"' in answer.text
    assert re.search(r'id="column_0".*?<option value="name" selected>', answer.text, re.DOTALL)
    assert 'data-state="checked"' in client.get(f"/imports/{import_id}").text
    assert client.post(f"/imports/{import_id}/reading", data={"header_row": "3"}).status_code == 303
    work(app)
    assert shop.sums(import_id)["rows"] == 1


@SQLITE
def test_how_days_are_read_is_asked_in_the_language_of_the_reader(app: Flask, cast: Cast, shop: Shop) -> None:
    import_id = shop.check([("Ani", "03/05/1990")], headers=("Name", "Birthday"))
    client = cast.manager.client()
    client.post("/account/preferences", data={"language": "id", "theme": "system"})
    assert "3 Mei 1990" in client.get(f"/imports/{import_id}").text


@SQLITE
def test_the_mapping_shows_values_and_keeps_what_was_chosen(app: Flask, cast: Cast, shop: Shop) -> None:
    headers = ("Name", "Phone", "Fax", "Birthday")
    import_id = shop.check([("Ani", "081211112222", "777", "03/04/1990")], headers=headers)
    client = cast.manager.client()
    page = client.get(f"/imports/{import_id}").text
    assert "Left out: Fax" in text_of(page)
    assert "081211112222" in page
    assert "03/04/1990 is read as" in page

    chosen = {"column_0": "name", "column_2": "phone", "column_3": "birthday", "date_order_3": "mdy"}
    client.post(f"/imports/{import_id}/mapping", data={**chosen, "mode": "overwrite", "overwrite": "phone"})
    work(app)
    page = client.get(f"/imports/{import_id}").text
    assert re.search(r'id="column_2".*?<option value="phone" selected>', page, re.DOTALL)
    assert re.search(r'value="overwrite"[^>]* checked|checked[^>]* value="overwrite"', page)
    assert re.search(r'name="overwrite" value="phone" checked', page)
    assert '<option value="mdy" selected>' in page
    answer = client.post(f"/imports/{import_id}/mapping", data={"column_3": "birthday", "mode": "new"})
    assert answer.status_code == 422
    assert re.search(r'id="column_3".*?<option value="birthday" selected>', answer.text, re.DOTALL)


@SQLITE
def test_many_rows_are_read_page_by_page_in_as_many_questions_as_few(app: Flask, cast: Cast, shop: Shop) -> None:
    rows = [(f"Person{at}", f"08121111{at:04}", "", "Solo") for at in range(120)]
    import_id = shop.check(rows)
    client, seen, url = cast.manager.client(), [], f"/imports/{import_id}/rows?verdict=new"
    asked = []
    while url:
        with counted(app) as statements:
            page = client.get(url).text
        asked.append(len(statements))
        seen += re.findall(r'id="import-row-(\d+)"', page)
        following = re.search(r'rel="next" href="([^"#]+)', page)
        url = following[1].replace("&amp;", "&") if following else ""
    assert seen == [str(number) for number in range(2, 122)]
    assert len(set(asked)) == 1


@SQLITE
def test_who_may_not_import_sees_nothing_of_it(app: Flask, cast: Cast, shop: Shop) -> None:
    import_id = shop.check([("Ani", "081211112222", "", "")])
    for person in (cast.staff, cast.viewer):
        client = person.client()
        assert client.get(f"/imports/{import_id}").status_code == 403
        assert 'href="/imports' not in client.get("/").text
        file = {"file": (csv_of([("Ani", "", "", "")]), "people.csv")}
        assert client.post("/imports/new", data=file).status_code == 403
    assert 'href="/imports"' in cast.manager.client().get("/").text
    with cast.manager.acting():
        assert len(queries.latest()) == 1
