"""Templates: texts with fields, checked when saved and shown as a real customer would get them."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from crm.accounts.branches import add as add_branch
from crm.kernel.roles import Role
from crm.message_templates.models import Template
from crm.message_templates.queries import templates
from crm.message_templates.rules import FIELDS, fill, parse, problem
from tests.messages.shop import Shop

KNOWN = "The fields are {name}, {branch}, {organization}, {points}, {amount} and {last_order}."
VALUES = {"name": "Sari", "branch": "Kemang", "organization": "Cake Shop", "points": "0"}
CAKE = {"name": "Cake ready", "channel": "sms", "body": "Hi {name}, your cake waits at {branch}."}


def only_template(shop: Shop) -> Template:
    with shop.inside():
        (template,) = templates()
        return template


def add(browser: FlaskClient, **fields: Any) -> Any:
    return browser.post("/settings/templates", data={**CAKE, **fields})


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("", ""),
        ("Hi {name}!", "Hi Sari!"),
        ("{name}{branch}{organization}{points}", "SariKemangCake Shop0"),
        ("{ Name }, {NAME}", "Sari, Sari"),
        ("100 % [off] $name %s <b>", "100 % [off] $name %s <b>"),
    ],
)
def test_fields_are_filled_and_the_rest_stays(source: str, filled: str) -> None:
    assert fill(parse(source), VALUES) == filled


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("Hi {nmae}", f"There is no field {{nmae}}. {KNOWN}"),
        ("Hi {name.__class__}", f"There is no field {{name.__class__}}. {KNOWN}"),
        ("Hi {name!r:>10}", f"There is no field {{name!r:>10}}. {KNOWN}"),
        ("Hi {0}{}", f"There is no field {{0}}. {KNOWN}"),
        ("Hi {name, see you", f"Close the brace in “{{name, see you”. {KNOWN}"),
        ("Hi {\nname", f"Close the brace in “{{”. {KNOWN}"),
        ("Hi name}", f"There is a }} without a {{ before it. {KNOWN}"),
        ("Hi {na{name}", f"Close the brace in “{{na{{name}}”. {KNOWN}"),
        ("Hi {{1}}", f"Write a field, in single braces, instead of {{{{1}}}}. {KNOWN}"),
        ("{" + "x" * 5_000 + "}", f"There is no field {{{'x' * 39}…. {KNOWN}"),
    ],
)
def test_a_mistake_is_named_and_the_fields_are_listed(source: str, sentence: str) -> None:
    assert problem(source) == sentence


@given(st.text("{}name !.\n", max_size=40), st.text("{}name", max_size=20))
def test_whatever_is_typed_is_filled_or_refused(source: str, name: str) -> None:
    if problem(source) is None:
        text = fill(parse(source), {**VALUES, "name": name})
        assert text == source.replace("{name}", name) or "{" in source


def test_a_value_is_not_read_as_a_text() -> None:
    assert fill(parse("Hi {name}"), {**VALUES, "name": "{organization}"}) == "Hi {organization}"


def test_every_field_has_a_value(shop: Shop, owner: FlaskClient) -> None:
    shop.customer()
    page = owner.get("/settings/templates/new").text
    for field in FIELDS:
        assert f"{{{field}}}" in page
        assert problem(f"{{{field}}}") is None


def test_it_is_added_changed_deleted_and_brought_back(shop: Shop, owner: FlaskClient) -> None:
    assert "No templates yet" in owner.get("/settings/templates").text

    assert add(owner).location == "/settings/templates"
    template = only_template(shop)
    assert (template.name, template.channel, template.body) == ("Cake ready", "sms", CAKE["body"])
    assert "Cake ready added." in owner.get("/settings/templates").text

    url = f"/settings/templates/{template.id}"
    assert CAKE["body"] in owner.get(f"{url}/edit").text
    assert owner.post(f"{url}/edit", data={**CAKE, "body": "Hi {name}"}).status_code == 303
    assert only_template(shop).body == "Hi {name}"

    assert owner.post(f"{url}/delete").status_code == 303
    page = owner.get("/settings/templates").text
    assert "Cake ready deleted." in page
    assert f"{url}/delete/undo" in page
    assert owner.get(f"{url}/edit").status_code == 404
    assert add(owner, name="Another").status_code == 303
    assert owner.post(f"{url}/delete/undo").status_code == 303
    with shop.inside():
        assert [template.name for template in templates()] == ["Another", "Cake ready"]


def test_a_name_is_given_once(shop: Shop, owner: FlaskClient, stranger: Shop) -> None:
    add(owner)
    answer = add(owner, name="cake READY")
    assert answer.status_code == 422
    assert "There is already a template called Cake ready in this language." in answer.text
    assert add(stranger.browser()).status_code == 303

    template = only_template(shop)
    owner.post(f"/settings/templates/{template.id}/delete")
    assert add(owner).status_code == 303
    assert owner.post(f"/settings/templates/{template.id}/delete/undo").status_code == 409


def test_the_same_form_twice_makes_one(shop: Shop, owner: FlaskClient) -> None:
    assert add(owner, idempotency_key="k").status_code == 303
    assert add(owner, idempotency_key="k").status_code == 303
    assert only_template(shop)
    again = add(owner, idempotency_key="k", name="Other")
    assert (again.status_code, "sent before with other content" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Enter the template's name."),
        ({"name": "x" * 101}, "Shorten “Name” by 1 character"),
        ({"channel": "fax"}, "Choose SMS, WhatsApp or E-mail."),
        ({"body": ""}, "Write the text."),
        ({"body": "Hi {nmae}"}, "There is no field {nmae}."),
        ({"body": "x" * 1_601}, "Shorten the message by 1 character: SMS has room for 1,600."),
        ({"channel": "whatsapp", "approved_name": "Cake Ready", "language": "id"}, "Enter the name as WhatsApp shows"),
        ({"channel": "whatsapp", "approved_name": "cake_ready"}, "Choose the language: WhatsApp approves"),
        ({"channel": "whatsapp", "language_code": "id"}, "Enter the name that WhatsApp approved"),
        (
            {"channel": "whatsapp", "approved_name": "cake", "language": "id", "parameters": "{name}\n{x}"},
            "There is no field {x}.",
        ),
        (
            {"channel": "whatsapp", "approved_name": "cake", "language": "id", "parameters": "a\n" * 21},
            "Enter up to 20 parameters",
        ),
        (
            {"channel": "whatsapp", "approved_name": "cake", "language": "id", "parameters": "customer = {name}\nx"},
            "Give each parameter its name, like customer_name = {name}, or none of them.",
        ),
        (
            {"channel": "whatsapp", "approved_name": "cake", "language": "id", "parameters": "day = a\nday = b"},
            "There are two parameters day. Write each name once.",
        ),
    ],
)
def test_it_refuses_in_words_and_keeps_what_was_typed(
    shop: Shop, owner: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    answer = add(owner, **fields)

    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    for name, value in fields.items():
        assert name == "channel" or len(value) > 50 or value.strip() in unescape(answer.text)
    with shop.inside():
        assert templates() == []


def test_an_approved_one_may_name_its_parameters(shop: Shop, owner: FlaskClient) -> None:
    typed = "customer_name = {name}\nday=today, x = 1"
    approved = {"approved_name": "order_ready", "language": "id", "parameters": typed}
    assert add(owner, channel="whatsapp", **approved).status_code == 303
    template = only_template(shop)
    filled = template.wording.filled(VALUES | {"name": "a = b"})
    assert filled.approved is not None
    assert filled.approved.names == ("customer_name", "day")
    assert filled.approved.parameters == ("a = b", "today, x = 1"), "a value is only a value"
    assert "customer_name = {name}" in unescape(owner.get(f"/settings/templates/{template.id}/edit").text)
    shop.customer("Sari")
    assert "customer_name = Sari" in preview(owner, channel="whatsapp", **approved)


def test_an_approved_one_keeps_its_parameters_in_order(shop: Shop, owner: FlaskClient) -> None:
    add(
        owner,
        channel="whatsapp",
        approved_name="cake_ready",
        language="en_US",
        parameters="{name}\n\n today \n{branch}\n",
    )
    template = only_template(shop)
    assert (template.approved_name, template.language) == ("cake_ready", "en_US")
    assert template.parameters == ["{name}", "today", "{branch}"]

    owner.post(f"/settings/templates/{template.id}/edit", data={**CAKE, "approved_name": "cake_ready"})
    assert only_template(shop).approved is None


def test_a_content_of_twilio_needs_no_language(shop: Shop, owner: FlaskClient) -> None:
    name = f"HX{'0a' * 16}"
    assert add(owner, channel="whatsapp", approved_name=name, parameters="{name}").status_code == 303
    assert only_template(shop).approved_name == name
    assert add(owner, name="Other", channel="whatsapp", approved_name="HX12").status_code == 422


def preview(browser: FlaskClient, **fields: Any) -> str:
    answer = browser.post("/settings/templates/preview", data={**CAKE, **fields}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return unescape(answer.text)


def test_the_preview_is_of_a_real_customer(shop: Shop, owner: FlaskClient) -> None:
    assert "Add a customer to see the text filled in." in preview(owner)
    with shop.inside():
        kemang = add_branch("Kemang")
    shop.customer("Sari", "0812-3456-7890", branch_id=kemang)
    shop.customer("Budi", "0813-1111-2222")

    assert "Hi Budi, your cake waits at Shop." in preview(owner)
    assert "Budi has no branch, so {branch} is Shop." in preview(owner)
    assert "Hi Sari, your cake waits at Kemang." in preview(owner, q="sar")
    assert "Hi Sari" in preview(owner, q="0812 3456")
    nobody = preview(owner, q="Zoe")
    assert "Nobody matches “Zoe”." in nobody
    assert "Hi Budi" in nobody
    assert "There is no field {nmae}." in preview(owner, body="{nmae}")
    assert "Hi" not in preview(owner, body="")


def test_the_preview_counts_the_parts_and_names_what_they_cost(shop: Shop, owner: FlaskClient) -> None:
    shop.customer("Ayşe", "0812-3456-7890")
    assert "2 SMS" in preview(owner, body="{name}" + "a" * 100)
    assert "“ş” makes this 2 parts instead of 1." in preview(owner, body="{name}" + "a" * 100)
    assert "SMS," not in preview(owner, body="{name}", channel="whatsapp")
    filled = preview(owner, channel="whatsapp", approved_name="x", parameters="{name}\ntoday")
    assert "Parameters: “Ayşe”, “today”" in filled


def test_the_preview_works_without_javascript(shop: Shop, owner: FlaskClient) -> None:
    shop.customer()
    answer = owner.post("/settings/templates", data={**CAKE, "preview": "1", "idempotency_key": "k"})
    assert answer.status_code == 200
    assert "Hi Sari, your cake waits at Shop." in answer.text
    assert 'value="k"' in answer.text
    with shop.inside():
        assert templates() == []


def test_markup_in_a_template_is_only_text(shop: Shop, owner: FlaskClient) -> None:
    shop.customer("<b>Sari</b>")
    page = add(owner, name="", body="<script>{name}</script>").text
    assert "<script>{name}" not in page
    assert "&lt;script&gt;&lt;b&gt;Sari" in page


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.STAFF, 403), (Role.MANAGER, 200), (Role.OWNER, 200)]
)
def test_managers_and_owners_keep_the_templates(shop: Shop, role: Role, status: int) -> None:
    assert shop.browser(role).get("/settings/templates").status_code == status
