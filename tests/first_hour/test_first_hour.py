"""The first steps on the home page, and the product on a phone's home screen."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from crm.accounts.services import change_organization
from tests.factories import Cast, Person, make_customer, make_invitation, make_template
from tests.imports.conftest import Shop

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def steps(person: Person) -> dict[str, bool]:
    """Return the first steps that the person sees, and whether each is done."""
    found = re.search(r'<details class="panel first-hour.*?</details>', person.client().get("/").text, re.DOTALL)
    lines = re.findall(r"<li( class=\"is-done\")?>(.*?)</li>", found[0], re.DOTALL) if found else []
    return {re.sub(r"<[^>]*>|\s+", " ", text).strip(): bool(done) for done, text in lines}


def test_an_owner_sees_what_to_do_first_and_what_is_done(cast: Cast) -> None:
    with cast.stranger.acting():
        make_customer()
        make_template()
    assert steps(cast.stranger) == {
        "Add your first customers": True,
        "Bring your customers": False,
        "Choose how messages are sent": False,
        "Write a template": True,
        "Invite your staff": False,
        "Put it on your phone": False,
    }


def test_a_manager_sees_what_a_manager_may_do_and_staff_nothing(cast: Cast) -> None:
    assert list(steps(cast.manager)) == [
        "Add your first customers",
        "Bring your customers",
        "Write a template",
        "Put it on your phone",
    ]
    assert steps(cast.staff) == {}


def test_customers_are_brought_by_an_import_or_are_there(cast: Cast) -> None:
    bring = "Bring your customers"
    assert 'href="/imports/new"' in cast.stranger.client().get("/").text
    with cast.stranger.acting():
        for _ in range(19):
            make_customer()
    assert steps(cast.stranger)[bring] is False
    with cast.stranger.acting():
        make_customer()
    assert steps(cast.stranger)[bring] is True

    shop = Shop(cast.manager)
    assert steps(cast.owner)[bring] is False
    shop.take_in([("Ani Wijaya", "081234567892", "", "")])
    assert steps(cast.owner)[bring] is True


def test_it_is_gone_once_all_is_done(cast: Cast) -> None:
    with cast.stranger.acting():
        for _ in range(20):
            make_customer()
        make_template()
        make_invitation()
        # The same choice as before is a choice, too.
        change_organization(cast.stranger.organization_id, {"sms_gateway": "manual"})
    assert steps(cast.stranger)["Put it on your phone"] is False
    assert cast.stranger.client().post("/account/phone").location == "/"
    assert steps(cast.stranger) == {}


def test_a_provider_without_its_account_is_not_a_choice_that_sends(cast: Cast) -> None:
    choice = "Choose how messages are sent"
    with cast.stranger.acting():
        change_organization(cast.stranger.organization_id, {"sms_gateway": "twilio"})
    assert steps(cast.stranger)[choice] is False
    with cast.stranger.acting():
        change_organization(cast.stranger.organization_id, {"sms_gateway": "manual"})
    assert steps(cast.stranger)[choice] is True


def test_it_is_gone_once_dismissed(cast: Cast) -> None:
    assert cast.manager.client().post("/first-hour/dismissed").status_code == 303
    assert steps(cast.owner) == {}
    assert steps(cast.stranger) != {}, "another organization's stays"


def test_somebody_who_may_not_see_it_changes_nothing_of_it(cast: Cast) -> None:
    assert cast.staff.client().post("/account/phone").status_code == 303
    assert steps(cast.owner)["Put it on your phone"] is False
    assert cast.staff.client().post("/first-hour/dismissed").status_code == 403


def test_a_phone_reads_what_to_show_on_its_home_screen(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/manifest.webmanifest")
    assert (answer.status_code, answer.mimetype) == (200, "application/manifest+json")
    assert answer.json
    assert answer.json["name"] == "CRM"
    mine = cast.owner.client().get("/manifest.webmanifest").json
    assert mine
    assert (mine["name"], mine["display"], mine["start_url"]) == ("Shop", "standalone", "/")
    assert {icon["sizes"] for icon in mine["icons"]} == {"192x192", "512x512"}
    assert {icon["purpose"] for icon in mine["icons"]} == {"any", "maskable"}
    for address in (*(icon["src"] for icon in mine["icons"]), "/favicon.ico"):
        assert client.get(address).status_code == 200, address


def test_every_page_names_the_manifest_the_icon_and_the_colours(client: FlaskClient, cast: Cast) -> None:
    page = client.get("/login").text
    assert '<link rel="manifest" href="/manifest.webmanifest"' in page
    icon = re.search(r'<link rel="apple-touch-icon" href="([^"]*)"', page)
    assert icon
    assert client.get(icon[1]).mimetype == "image/png"
    colours = re.findall(r'<meta name="theme-color"[^>]*>', page)
    assert [("light" in colour, "dark" in colour) for colour in colours] == [(True, False), (False, True)]
    client.set_cookie("theme", "dark")
    assert re.findall(r'<meta name="theme-color"[^>]*>', client.get("/login").text) == [
        '<meta name="theme-color" content="#1b1f22">'
    ]
