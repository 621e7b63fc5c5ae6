"""What spreadsheets and programs did to values is undone and said, or is an error, never guessed."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from crm.imports.cleaning import Cleaned, Cleaner, Context, study
from crm.imports.mapping import recognise

NUMBER = "+6281234567890"


def clean(region: str = "ID", today: str = "2026-11-29", orders: dict[int, str] | None = None, **cells: str) -> Cleaned:
    """Clean a row whose columns are called as their fields; `phone_2` is a second one."""
    names = [name.rstrip("_0123456789") if name[-1].isdigit() else name for name in cells]
    headers = [name.replace("_", " ").capitalize() for name in names]
    context = Context(region, "id_ID", today, orders or {})
    return Cleaner(dict(enumerate(names)), headers, context).clean(list(cells.values()))


def codes(found: Cleaned) -> list[str]:
    return [one.code for one in found.repaired]


def wrong(found: Cleaned) -> list[str]:
    return [one.code for one in found.errors]


@pytest.mark.parametrize(
    ("typed", "stored", "code"),
    [
        ("0812-3456-7890", NUMBER, ""),
        (" 0812\u00a03456\u200b 7890 ", NUMBER, "spaces"),
        ('="081234567890"', NUMBER, "formula"),
        ("'+6281234567890", NUMBER, "apostrophe"),
        ("'081234567890", NUMBER, "apostrophe"),
        ("* 081234567890", NUMBER, "default_mark"),
        ("tel:+62-812-3456-7890", NUMBER, "link"),
        ("81234567890", NUMBER, "without_zero"),
        ("6281234567890", NUMBER, "without_plus"),
        ("6281234567890.0", NUMBER, "number"),
        ("6.281234567890E+12", NUMBER, "number"),
        ("٠٨١٢٣٤٥٦٧٨٩٠", NUMBER, ""),
        ("ask his wife", "ask his wife", "not_callable"),
        ("#REF!", "", "error_value"),
        ("-", "", "nothing"),
        ("NULL", "", "nothing"),
        ("########", "", "error_value"),
    ],
)
def test_a_phone_is_repaired_and_it_is_said(typed: str, stored: str, code: str) -> None:
    found = clean(name="Ana", phone=typed)
    assert (found.contact.phone, codes(found), wrong(found)) == (stored, [code] if code else [], [])
    assert found.contact.phone_valid == stored.startswith("+")


@pytest.mark.parametrize("typed", ["6.28E+12", "6,28E+12", "6.28123E+12", "6E+12", "+6.28e12"])
def test_a_number_whose_digits_are_gone_is_an_error_and_never_a_guess(typed: str) -> None:
    found = clean(name="Ana", phone=typed)
    assert wrong(found) == ["digits_lost"]
    assert not found.contact.phone_valid
    assert wrong(clean(name="Ana", passport_number=typed)) == ["digits_lost"]


def test_more_digits_than_a_spreadsheet_keeps_are_an_error() -> None:
    assert wrong(clean(name="Ana", phone="62812345678901234")) == ["too_many_digits"]
    assert wrong(clean(name="Ana", phone="6281234567890")) == []


@pytest.mark.parametrize(
    "typed",
    [
        "081234567890 / 081298765432",
        "081234567890, 081298765432",
        "081234567890;081298765432",
        "081234567890\n081298765432",
        "081234567890 ::: 081298765432",
        "* 081234567890 ::: 081298765432",
        "0812-3456-7890/0812-9876-5432",
        "081234567890 atau 081298765432",
    ],
)
def test_several_numbers_in_a_cell_are_kept(typed: str) -> None:
    found = clean(name="Ana", phone=typed)
    assert (found.contact.phone, found.further) == (NUMBER, [("phone", "+6281298765432")])
    assert "several_phones" in codes(found)


def test_the_first_number_that_can_be_called_counts_and_mobiles_come_first() -> None:
    found = clean(name="Ana", phone="none yet", phone_2="081234567890", notes="regular")
    assert found.contact.phone == NUMBER
    assert found.values["notes"] == "regular\nPhone: none yet"
    assert codes(found) == ["phone_to_notes"]
    columns, headers = {0: "name", 1: "phone", 2: "phone"}, ["Name", "Home Phone", "Mobile Phone"]
    found = Cleaner(columns, headers, Context("ID")).clean(["Ana", "021 5550 1000", "081234567890"])
    assert (found.contact.phone, found.further) == (NUMBER, [("phone", "+622155501000")])
    found = clean(name="Ana", phone="081234567890", phone_2="+62 812 3456 7890")
    assert (found.further, codes(found)) == ([], [])


@pytest.mark.parametrize(
    ("typed", "stored", "code"),
    [
        ("Ana@Example.com", "ana@example.com", ""),
        ("mailto:ana@example.com", "ana@example.com", "link"),
        ("Ana <ana@example.com>", "ana@example.com", "email_in_text"),
        ("ana@example.com; b@example.com", "ana@example.com", "several_emails"),
        ("* ana@example.com ::: b@example.com", "ana@example.com", "several_emails"),
    ],
)
def test_an_email_is_repaired_and_it_is_said(typed: str, stored: str, code: str) -> None:
    found = clean(name="Ana", email=typed)
    assert (found.contact.email, wrong(found)) == (stored, [])
    assert not code or code in codes(found)
    assert found.further == ([("email", "b@example.com")] if "b@" in typed else [])


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("ana at example,com", {"email": "ana@example.com"}),
        ("ana (at) example.com", {"email": "ana@example.com"}),
        ("ana@@example.com", {"email": "ana@example.com"}),
        ("ana @example.com", {"email": "ana@example.com"}),
        ("ana@example..com.", {"email": "ana@example.com"}),
        ("no mail", None),
        ("ana@", None),
    ],
)
def test_an_email_that_cannot_be_right_is_an_error_with_a_suggestion(typed: str, suggestion: Any) -> None:
    found = clean(name="Ana", email=typed)
    assert [(one.code, one.suggestion) for one in found.errors] == [("email", suggestion)]


def test_values_in_each_others_column_are_suggested() -> None:
    found = clean(name="Ana", phone="ana@example.com", email="081234567890")
    assert [(one.code, one.suggestion) for one in found.errors] == [
        ("swapped", {"phone": "081234567890", "email": "ana@example.com"})
    ]
    assert wrong(clean(name="Ana", phone="ana@example.com")) == ["email_elsewhere"]
    assert wrong(clean(name="Ana", email="081234567890")) == ["phone_elsewhere"]
    found = clean(name="Ana", phone="081234567890", phone_2="b@example.com", email="a@example.com")
    assert (wrong(found), found.contact.email, found.further) == ([], "a@example.com", [("email", "b@example.com")])


def test_names_are_put_together() -> None:
    assert clean(last_name="Doe", first_name="John", middle_name="Q").values["name"] == "John Q Doe"
    assert clean(name="John", name_2="Doe").values["name"] == "John Doe"
    assert clean(name="Doe John", first_name="John", last_name="Doe").values["name"] == "John Doe"
    assert clean(name="Display", first_name="John").values["name"] == "Display"
    for name in ("'t Hooft", "Null", "Ana-María O'Neill", "=cmd|' /C calc'!A0"):
        assert clean(name=name).values["name"] == name
    found = clean(name="'=cmd|' /C calc'!A0")
    assert (found.values["name"], codes(found)) == ("=cmd|' /C calc'!A0", ["apostrophe"])
    assert clean(name="  Budi \n Santoso ").values["name"] == "Budi Santoso"


def test_who_has_no_name_has_a_stand_in() -> None:
    assert clean(company="Toko Maju", phone="081234567890").stand_in == "Toko Maju"
    assert clean(email="a@example.com", phone="081234567890").stand_in == "a@example.com"
    assert clean(phone="081234567890").stand_in == "081234567890"
    assert clean(city="Solo").stand_in == ""
    assert clean(name="Ana", company="Toko Maju").values["notes"] == "Company: Toko Maju"


def test_places_are_put_together_and_the_own_country_is_left_out() -> None:
    found = clean(address="Jalan 1", address_2="Lantai 2", country="Indonesia", postal_code="'12345", city="Solo")
    assert (found.values["address"], found.values["postal_code"]) == ("Jalan 1\nLantai 2", "12345")
    assert clean(address="Street 1", country="Nederland").values["address"] == "Street 1\nNederland"
    assert clean(name="A", postal_code="40123.0").values["postal_code"] == "40123"


def test_tags_and_columns_of_other_names_go_into_the_notes() -> None:
    found = clean(name="Ana", tags='"""VIP"",""Blog"""')
    assert (found.values["notes"], codes(found)) == ("Tags: VIP, Blog", ["quoted_tags"])
    assert clean(name="Ana", tags="* myContacts ::: VIP").values["notes"] == "Tags: VIP"
    cleaner = Cleaner({0: "name", 1: "notes", 2: "notes"}, ["Name", "Notes", "Shoe size"], Context("ID"))
    assert cleaner.clean(["Ana", "regular", "38"]).values["notes"] == "regular\nShoe size: 38"


def test_a_mark_clears_a_field_and_a_blank_leaves_it() -> None:
    found = clean(name="Ana", city="#N/A", phone="", notes="#N/A")
    assert (found.cleared, found.values) == (frozenset({"city", "notes"}), {"name": "Ana"})
    context = Context("ID", clear_blank=("phone", "city"))
    found = Cleaner({0: "name", 1: "phone"}, ["Name", "Phone"], context).clean(["Ana", ""])
    assert found.cleared == frozenset({"phone"})
    assert clean(name="#N/A", id="#N/A").cleared == frozenset()


@pytest.mark.parametrize(
    "said",
    [
        "no",
        "No",
        "FALSE",
        "0",
        "tidak",
        "نہیں",
        "لا",
        "nein",
        "non",
        "não",
        "nee",
        "unsubscribed",
        "cleaned",
        "withdrawn",
    ],
)
def test_an_import_can_only_take_consent_away(said: str) -> None:
    assert clean(name="Ana", email_allowed=said, sms_allowed=said).refused == {"email_allowed", "sms_allowed"}


@pytest.mark.parametrize("said", ["yes", "TRUE", "1", "ya", "ہاں", "نعم", "ja", "subscribed", "", "perhaps"])
def test_yes_and_unknown_answers_change_nothing(said: str) -> None:
    found = clean(name="Ana", email_allowed=said)
    assert (found.refused, wrong(found)) == (frozenset(), [])
    assert "email_allowed" not in found.values
    assert codes(found) == (["unknown_answer"] if said == "perhaps" else [])


def test_languages_are_codes() -> None:
    for typed, code in (
        ("id-ID", "id"),
        ("Bahasa Indonesia", "id"),
        ("Indonesian", "id"),
        ("العربية", "ar"),
        ("EN", "en"),
    ):
        assert clean(name="Ana", language=typed).values["language"] == code
    found = clean(name="Ana", language="Klingon")
    assert ("language" in found.values, codes(found)) == (False, ["unknown_language"])


def test_numbers_of_customers() -> None:
    assert clean(name="Ana", id="12.0").values["id"] == 12
    assert wrong(clean(name="Ana", id="A-12")) == ["id"]


def test_what_has_no_room_is_an_error_by_field() -> None:
    found = clean(name="x" * 201, city="y" * 101)
    assert {(one.field, one.code) for one in found.errors} == {("name", "too_long"), ("city", "too_long")}
    assert "200" in next(one.sentence for one in found.errors if one.field == "name")


@pytest.mark.parametrize(
    ("typed", "order", "day"),
    [
        ("1990-04-03", "dmy", "1990-04-03"),
        ("1990-04-03 00:00:00", "dmy", "1990-04-03"),
        ("19900403", "dmy", "1990-04-03"),
        ("03/04/1990", "dmy", "1990-04-03"),
        ("03/04/1990", "mdy", "1990-03-04"),
        ("3.4.1990", "dmy", "1990-04-03"),
        ("3-4-90", "dmy", "1990-04-03"),
        ("3-4-26", "dmy", "2026-04-03"),
        ("3-4-27", "dmy", "1927-04-03"),
        ("3 April 1990", "dmy", "1990-04-03"),
        ("April 3, 1990", "mdy", "1990-04-03"),
        ("3-Apr-90", "dmy", "1990-04-03"),
        ("3. März 1990", "dmy", "1990-04-03".replace("04", "03", 1)),
        ("3 Agustus 1990", "dmy", "1990-08-03"),
        ("٣/٤/١٩٩٠", "dmy", "1990-04-03"),
        ("32966", "dmy", "1990-04-03"),
        ("--04-03", "dmy", "04-03"),
        ("--0403", "dmy", "04-03"),
        ("04-03", "dmy", "04-03"),
        ("3/4", "dmy", "04-03"),
        ("04/03", "mdy", "04-03"),
        ("3 April", "dmy", "04-03"),
        ("٣ أبريل", "dmy", "04-03"),
        ("3 نيسان 1990", "dmy", "1990-04-03"),
        ("3 كانون الثاني", "dmy", "01-03"),
        ("29 Feb", "dmy", "02-29"),
    ],
)
def test_birthdays_are_read(typed: str, order: str, day: str) -> None:
    found = clean(orders={1: order}, name="Ana", birthday=typed)
    assert (found.values.get("birthday"), wrong(found)) == (day, [])
    assert (found.contact.birthday, found.contact.birth_year) == (day[-5:], int(day[:-6]) if day[:-6] else None)


def test_a_birthday_that_a_program_leaves_out_is_none() -> None:
    for typed in ("0/0/00", "00/00/0000", "0000-00-00"):
        found = clean(name="Ana", birthday=typed)
        assert (found.values.get("birthday"), codes(found), wrong(found)) == (None, ["nothing"], [])


def test_days_that_are_none_are_errors() -> None:
    for typed in (
        "31/02/1990",
        "13/13/1990",
        "yesterday",
        "12345",
        "61000",
        "1890-01-01",
        "April 1990",
        "29 Feb 1990",
        "00-10",
    ):
        assert wrong(clean(name="Ana", birthday=typed)) == ["date"], typed
    assert wrong(clean(name="Ana", birthday="2027-01-01")) == ["future"]


def studied(cells: list[str], locale: str = "en_GB") -> Any:
    rows = [[cell] for cell in cells]
    return study(rows, {0: "birthday"}, ["Birthday"], region="ID", locale=locale, today="2026-11-29")


def test_a_column_of_days_shows_its_order() -> None:
    assert studied(["03/04/1990", "25/04/1990"]).context.date_orders == {0: "dmy"}
    assert studied(["03/04/1990", "04/25/1990"]).context.date_orders == {0: "mdy"}
    assert studied(["03/04/1990", "25/04/1990"]).questions == []
    assert studied(["1990-04-03"]).questions == []
    (question,) = studied(["03/04/1990"]).questions
    assert (question.example, question.order_taken) == ("03/04/1990", "dmy")
    assert question.sentence == "03/04/1990 is read as 3 April 1990."
    (question,) = studied(["03/04/1990"], "en_US").questions
    assert (question.order_taken, question.sentence) == ("mdy", "03/04/1990 is read as 4 March 1990.")
    assert len(studied(["25/04/1990", "04/25/1990", "03/04/1990"]).questions) == 1
    assert studied(["03/04", "04/25"]).context.date_orders == {0: "mdy"}
    assert studied(["03/04"]).questions[0].sentence == "03/04 is read as 3 April."
    assert studied(["03-04", "--04-03"]).questions == []


def test_the_book_of_1904_has_other_days() -> None:
    context = Context("ID", today="2026-11-29", is_1904=True)
    found = Cleaner({0: "birthday"}, ["Birthday"], context).clean(["31504"])
    assert found.values["birthday"] == "1990-04-03"


def test_a_context_can_be_kept() -> None:
    context = dataclasses.replace(studied(["25/04/1990"]).context, clear_blank=("city",))
    assert Context.from_json(context.to_json()) == context


def test_a_whole_row_of_google() -> None:
    columns = {
        "First Name": "Siti",
        "Last Name": "Aminah",
        "File As": "",
        "Labels": "VIP ::: * myContacts",
        "E-mail 1 - Label": "* Home",
        "E-mail 1 - Value": "* s@example.com ::: t@example.com",
        "Phone 1 - Label": "Mobile",
        "Phone 1 - Value": "0812 3456 7890",
    }
    headers = list(columns)
    row = Cleaner(recognise(headers, []).columns, headers, Context("ID")).clean(list(columns.values()))
    assert row.values == {
        "name": "Siti Aminah",
        "phone": "0812 3456 7890",
        "email": "s@example.com",
        "notes": "Labels: VIP",
    }
    assert row.further == [("email", "t@example.com")]
