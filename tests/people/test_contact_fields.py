"""What is told of a person, as plain values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from crm.people.contact_fields import ContactError, ContactFields, without_placeholders
from crm.people.limits import LIMITS
from crm.people.matching import Kind

PHONE = "+622157901299"


def row(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"phone": PHONE, "phone_valid": True, "phone_extension": "12", **values})


def test_only_what_was_given_is_written() -> None:
    kept = row(name="Siti", email="siti@example.com")
    ContactFields.read({"name": " Siti \t Rahma", "branch_id": 7}, "ID").write(kept)
    assert vars(kept) == vars(row(name="Siti Rahma", email="siti@example.com"))


@pytest.mark.parametrize(
    ("told", "extension"),
    [
        ({"phone": "021 5790 1299"}, "12"),
        ({"phone": "021 5790 1299", "phone_extension": ""}, ""),
        ({"phone": "021 5790 1299", "phone_extension": None}, ""),
        ({"phone": "021 5790 1299", "phone_extension": "34"}, "34"),
        ({"phone": "021 5790 1299 ext. 56", "phone_extension": "34"}, "56"),
        ({"phone": "0812 3456 7890"}, ""),
        ({"phone": "ask Sari", "phone_extension": "34"}, ""),
        ({"phone_extension": "34"}, "34"),
        ({}, "12"),
    ],
)
def test_the_same_number_keeps_its_extension_unless_one_is_told(told: dict[str, Any], extension: str) -> None:
    kept = row()
    ContactFields.read(told, "ID").write(kept)
    assert kept.phone_extension == extension


def test_a_field_of_any_kind_says_what_would_be_lost() -> None:
    told = ContactFields.read({name: "1" * (limit + 2) for name, limit in LIMITS.items()}, "ID")
    wanted = {name: [f"Shorten this by 2 characters: it has room for {limit}."] for name, limit in LIMITS.items()}
    wanted["email"].append("Enter an e-mail address like name@example.com.")
    assert told.sentences() == wanted
    assert told.problems["name"][0].about("Full name").startswith("Shorten “Full name” by 2 characters")
    with pytest.raises(ContactError, match="name: Shorten this by 2 characters"):
        told.checked()


def test_an_extension_is_digits() -> None:
    assert ContactFields.read({"phone_extension": "1a"}, "ID").sentences() == {
        "phone_extension": ["Send up to 7 digits."]
    }


def test_placeholders_are_kept_as_typed_and_make_nobody_known() -> None:
    typed = {"name": "Siti", "phone": "000 000", "email": "test@test.com", "passport_number": "n/a"}
    told = ContactFields.read(typed, "ID")
    assert (told.phone, told.email, told.passport_number) == ("000 000", "test@test.com", "NA")
    for nobody in (told.known(), ContactFields.read(without_placeholders(typed), "ID")):
        assert (nobody.phone, nobody.email, nobody.passport_number) == ("", None, "")
        assert nobody.keys == {}


def test_keys_are_what_others_may_have_too() -> None:
    told = {"phone": "00 55 11 7654 3210", "email": "A@Example.com", "passport_number": "ab 12345"}
    assert ContactFields.read(told, "ID").keys == {
        Kind.PHONE: "+5511976543210",
        Kind.EMAIL: "a@example.com",
        Kind.PASSPORT: "AB12345",
    }
    for too_little in ("1234", "ABCDEFG"):
        assert ContactFields.read({"passport_number": too_little}, "ID").keys == {}
