"""One table says which keys there are: the sheet, the script and the preferences go by it."""

from __future__ import annotations

import json
import re

import pytest
from markupsafe import Markup

from crm.palette.keys import TABLE
from tests.catalog import CATALOG
from tests.factories import Cast, Person
from tests.servers import ROOT

SCRIPT = (ROOT / "crm/static/js/keys.js").read_text()
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def keys_of(person: Person) -> dict[str, list[str]]:
    attribute = re.search(r'data-keys="([^"]*)"', person.client().get("/").text)
    assert attribute
    return {name: rest for name, *rest in json.loads(Markup(attribute[1]).unescape())}


def test_every_action_of_the_table_is_one_of_the_script(cast: Cast) -> None:
    actions = set(re.findall(r"^  (\w+)(?:,|:)", SCRIPT[SCRIPT.index("const ACTIONS") :].split("};")[0], re.MULTILINE))
    assert {key.action for key in TABLE} - {"close"} | {"go"} == actions


def test_no_key_means_two_things(cast: Cast) -> None:
    keys = [key.keys for key in TABLE]
    assert len(set(keys)) == len(keys)
    assert len(set(CATALOG.keys.values())) == len(CATALOG.keys)


def test_letters_lead_to_the_pages_that_the_reader_may_open(cast: Cast) -> None:
    assert keys_of(cast.owner)["g c"] == ["go", "/"]
    assert keys_of(cast.owner)["g m"] == ["go", "/messages"]
    assert keys_of(cast.viewer)["g r"] == ["go", "/reminders"]
    assert "g s" in keys_of(cast.owner)
    assert "g s" not in keys_of(cast.staff)


def test_the_door_says_its_key(cast: Cast) -> None:
    assert 'aria-keyshortcuts="Control+K Meta+K" data-palette' in cast.viewer.client().get("/").text


def test_the_sheet_names_every_key(cast: Cast) -> None:
    page = cast.owner.client().get("/keys").text
    for key in TABLE:
        assert str(Markup.escape(key.label)) in page
    assert page.count("<dt ") == len(TABLE) + len(CATALOG.keys)


def test_single_keys_can_be_switched_off(cast: Cast) -> None:
    client = cast.viewer.client()
    answer = client.post("/account/preferences", data={"language": "auto", "theme": "system"})
    assert answer.status_code == 303
    assert set(keys_of(cast.viewer)) == {"Mod+k", "Mod+Enter", "Esc"}
    assert "Single keys are off." in client.get("/keys").text
