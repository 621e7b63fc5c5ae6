"""Campaigns in the JSON API: the shape that others rely on."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crm.customers.rules import Consent
from tests.campaigns.shop import Shop
from tests.factories import Person, make_template

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SUMS = [
    *("recipients", "held_out", "skipped", "waiting", "sending", "handed_over", "delivered", "read", "failed"),
    *("could_not_confirm", "stopped"),
]


def api(person: Person, method: str, path: str, **json: Any) -> Any:
    options = {"json": json} if method in ("POST", "PATCH") else {}
    return person.app.test_client().open(f"/api/{path}", method=method, headers=person.token(), **options)


def test_a_campaign_from_the_first_request_to_the_last_sum(shop: Shop) -> None:
    owner = shop.owner
    reached, _unasked = shop.customer(), shop.customer(marketing_sms=Consent.NOT_ASKED)
    segment = api(owner, "POST", "segments/", name="All", query={}).json["id"]
    made = api(owner, "POST", "campaigns/", name="News", segment=segment, channel="sms", body="Hi {name}")
    assert made.status_code == 201, made.text
    assert (made.json["state"], list(made.json["sums"]), made.json["skipped_by"]) == ("draft", SUMS, {})
    path = f"campaigns/{made.json['id']}/"
    assert api(owner, "PATCH", path, body="Hello {name}", hold_out=0).json["body"] == "Hello {name}"
    early = api(owner, "POST", f"{path}pause/")
    assert (early.status_code, early.json["error"]) == (409, "This campaign can't be paused: it is “Draft”.")
    assert api(owner, "POST", f"{path}schedule/").json["state"] == "scheduled"
    assert api(owner, "POST", f"{path}schedule/").status_code == 409
    shop.turns()
    paused = api(owner, "POST", f"{path}pause/")
    assert (paused.status_code, paused.json["state"], paused.json["sums"]["waiting"]) == (200, "paused", 1)
    assert api(owner, "POST", f"{path}pause/").json["state"] == "paused"
    assert api(owner, "POST", f"{path}resume/").json["state"] == "sending"
    shop.work()
    done = api(shop.cast.viewer, "GET", path).json
    expected = dict.fromkeys(SUMS, 0) | {"recipients": 2, "skipped": 1, "handed_over": 1}
    assert (done["state"], done["sums"], done["skipped_by"]) == ("done", expected, {"no_consent": 1})
    assert done["result"] is None
    rows = api(owner, "GET", f"{path}recipients/?state=handed_over").json
    assert (rows["count"], rows["results"][0]["customer"], rows["results"][0]["skip"]) == (1, reached, None)
    assert api(owner, "GET", f"{path}recipients/").json["count"] == 2
    assert api(owner, "POST", f"{path}retry/").json["state"] == "done"
    assert api(owner, "POST", f"{path}stop/").status_code == 409
    assert api(owner, "PATCH", path, name="Late").status_code == 409
    assert [row["id"] for row in api(owner, "GET", "campaigns/?state=done").json["results"]] == [done["id"]]


@SQLITE
def test_bad_input_is_a_400_at_its_field(shop: Shop) -> None:
    owner, segment = shop.owner, shop.segment()
    with owner.acting():
        template = make_template(channel="whatsapp")
    good = {"name": "News", "segment": segment, "channel": "sms", "body": "Hi"}
    wrong: dict[str, tuple[Any, str]] = {
        "name": ("", "Enter a name for the campaign."),
        "segment": (999, "There is no segment with this id."),
        "channel": ("fax", "Choose sms or whatsapp or email."),
        "template": (999, "There is no template with this id."),
        "body": ("Hi {nobody}", "There is no field {nobody}."),
        "hold_out": (51, "Send a whole number from 0 to 50."),
        "send_at": ("soon", "Send a date and time with its offset, like 2026-11-24T02:00:00Z."),
    }
    for field, (value, sentence) in wrong.items():
        answer = api(owner, "POST", "campaigns/", **good | {field: value})
        assert answer.status_code == 400, field
        assert answer.json["errors"][field][0].startswith(sentence), field
    both = api(owner, "POST", "campaigns/", **good | {"template": template})
    assert both.json["errors"] == {"template": ["Send a template or a body, not both."]}
    other = api(owner, "POST", "campaigns/", **good | {"template": template, "body": ""})
    assert other.json["errors"] == {"template": ["This template is for WhatsApp."]}
    assert api(owner, "POST", "campaigns/", **good | {"channel": "email"}).json["errors"] == {
        "subject": ["Write the subject."]
    }
    past = api(owner, "POST", "campaigns/", **good, send_at="2020-01-01T00:00:00Z").json
    late = api(owner, "POST", f"campaigns/{past['id']}/schedule/")
    assert (late.status_code, late.json["errors"]) == (
        400,
        {"send_at": ["This time has passed. Choose a later one."]},
    )
    assert api(shop.cast.staff, "POST", f"campaigns/{past['id']}/schedule/").status_code == 403
    assert api(shop.cast.stranger, "GET", f"campaigns/{past['id']}/").status_code == 404


def test_a_campaign_at_their_hour_is_kept_by_the_form_and_the_api(shop: Shop) -> None:
    campaign = shop.campaign(at_their_hour="y")
    path = f"campaigns/{campaign}/"
    assert api(shop.owner, "GET", path).json["at_their_hour"] is True
    assert re.search(
        r'<input[^>]*checked[^>]*name="at_their_hour"', shop.client.get(f"/campaigns/{campaign}/edit").text
    )
    assert api(shop.owner, "PATCH", path, at_their_hour=False).json["at_their_hour"] is False
    assert api(shop.owner, "PATCH", path, at_their_hour="perhaps").status_code == 400
