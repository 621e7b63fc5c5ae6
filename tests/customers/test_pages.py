"""Customers through HTTP, as a person without JavaScript uses them, and as htmx does."""

from __future__ import annotations

import re
import threading

import pytest
import sqlalchemy as sa

from crm.accounts.models import Branch
from crm.customers.models import Customer, CustomerSearch
from crm.customers.services import archive_customer
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from tests.factories import Cast, Person, make_customer, make_invoice, make_message, make_points_entry

HTMX = {"HX-Request": "true"}


def customers(person: Person) -> list[Customer]:
    with person.acting():
        return list(db.session.scalars(sa.select(Customer).order_by(Customer.id)))


def one(person: Person) -> Customer:
    (customer,) = customers(person)
    return customer


def actions(person: Person) -> list[str]:
    with person.acting():
        return list(db.session.scalars(sa.select(Event.action).order_by(Event.id)))


def test_a_name_is_enough(cast: Cast) -> None:
    client = cast.staff.client()

    answer = client.post("/customers/new", data={"name": "  Siti \u00a0 Rahma\u202e "})

    assert answer.status_code == 303
    assert one(cast.staff).name == "Siti Rahma"
    page = client.get(answer.location)
    assert "Siti Rahma added." in page.text, "said once, on the page that follows"
    assert "Siti Rahma added." not in client.get(answer.location).text


def test_htmx_gets_a_fragment_a_toast_and_the_word_to_close(cast: Cast) -> None:
    client = cast.staff.client()

    answer = client.post("/customers/new", data={"name": "Siti Rahma"}, headers=HTMX)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Siti Rahma added." in answer.text
    assert "closeWindow" in answer.headers["HX-Trigger"]
    assert "customersChanged" in answer.headers["HX-Trigger"]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_customer_without_a_name_is_asked_for_one_and_nothing_typed_is_lost(
    cast: Cast, headers: dict[str, str]
) -> None:
    client = cast.staff.client()
    typed = {"phone": "0812-3456-7890", "notes": "Likes the <corner> table", "city": "Bandung"}

    answer = client.post("/customers/new", data=typed, headers=headers)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert "Enter the customer's name." in answer.text
    assert "0812-3456-7890" in answer.text
    assert "Likes the &lt;corner&gt; table" in answer.text
    assert customers(cast.staff) == []


def test_an_email_is_unique_whatever_its_case(cast: Cast) -> None:
    client = cast.staff.client()
    client.post("/customers/new", data={"name": "Siti", "email": "Siti@Example.COM"})

    answer = client.post("/customers/new", data={"name": "Other", "email": "sITI@example.com"})

    assert answer.status_code == 422
    assert "Siti already has this e-mail." in answer.text
    assert "Other" in answer.text
    assert one(cast.staff).email == "siti@example.com"


def test_an_archived_customer_keeps_their_email(cast: Cast) -> None:
    with cast.staff.acting():
        archived = make_customer(name="Siti", email="siti@example.com")
    client = cast.staff.client()
    client.post(f"/customers/{archived}/archive")

    answer = client.post("/customers/new", data={"name": "Other", "email": "siti@example.com"})

    assert answer.status_code == 422
    assert "Siti, who is archived" in answer.text


def test_two_organizations_may_have_the_same_email(cast: Cast) -> None:
    for person in (cast.staff, cast.stranger):
        answer = person.client().post("/customers/new", data={"name": "Siti", "email": "siti@example.com"})
        assert answer.status_code == 303


def test_an_email_that_another_customer_has_is_refused_in_an_edit(cast: Cast) -> None:
    client = cast.staff.client()
    client.post("/customers/new", data={"name": "Siti", "email": "siti@example.com"})
    edit = client.post("/customers/new", data={"name": "Rina"}).location + "/edit"

    answer = client.post(edit, data={"name": "Rina Dewi", "email": "SITI@example.com"})

    assert answer.status_code == 422
    assert "Siti already has this e-mail." in answer.text
    assert "Rina Dewi" in answer.text
    assert [customer.name for customer in customers(cast.staff)] == ["Siti", "Rina"]


def test_a_number_that_belongs_to_somebody_is_asked_about(cast: Cast) -> None:
    client = cast.staff.client()
    client.post("/customers/new", data={"name": "Siti", "phone": "0812-3456-7890"})
    typed = {"name": "Her daughter", "phone": "+62 812 3456 7890"}

    answer = client.post("/customers/new", data=typed)

    assert answer.status_code == 422
    assert "Siti already has this number." in answer.text
    assert client.post("/customers/new", data={**typed, "another_person": "y"}).status_code == 303
    assert [customer.phone for customer in customers(cast.staff)] == ["+6281234567890"] * 2


def test_what_is_next_and_how_to_reach_them_stand_on_top(cast: Cast) -> None:
    client = cast.staff.client()
    with cast.staff.acting():
        siti = make_customer(name="Siti", phone="0812-3456-7890")
    page = client.get(f"/customers/{siti}").text
    assert re.search(r'id="next-message">\s*No message is scheduled.', page)
    reach = page[page.index('id="reach"') :].partition("</div>")[0]
    assert ('href="tel:+6281234567890"' in reach, 'href="https://wa.me/6281234567890"' in reach) == (True, True)

    client.post(
        f"/customers/{siti}/messages/new", data={"channel": "sms", "body": "Your cake is ready", "in_days": "1"}
    )
    page = client.get(f"/customers/{siti}").text
    assert page.index("Next: ") < page.index('<q dir="auto">Your cake is ready</q>') < page.index('id="profile"')
    answer = client.post(f"/customers/{siti}/edit", data={"name": "Siti", "phone": "0813"}, headers=HTMX)
    reach = answer.text[answer.text.index('id="reach"') :].partition("</div>")[0]
    assert "tel:" not in reach, "a number that is none is not called"
    assert "wa.me" not in reach
    client.post(f"/customers/{siti}/archive")
    page = client.get(f"/customers/{siti}").text
    assert ("Next: " in page, "tel:" in page) == (False, False)


def test_a_panel_with_nothing_is_one_line_and_one_with_much_shows_three(cast: Cast) -> None:
    client = cast.staff.client()
    with cast.staff.acting():
        siti, sari = make_customer(name="Siti", phone="0812-3456-7890"), make_customer(name="Sari")
        for _ in range(4):
            make_message(customer_id=siti)
            make_invoice(customer_id=siti)
            make_points_entry(siti)

    page = client.get(f"/customers/{siti}").text
    for summary in ("All messages (4)", "All invoices (4)", "All points (4)"):
        folded = page.partition(f"<summary>{summary}</summary>")[2]
        assert folded, summary
    panel = page[page.index('id="messages-panel"') : page.index('id="invoices"')]
    assert [part.count('id="message-') for part in panel.split('<details class="rest">')] == [3, 1]

    page = client.get(f"/customers/{sari}").text
    for words in ("No messages yet.", "No invoices yet."):
        assert f'<span class="muted">{words}</span>' in page
    assert "<summary>All" not in page


def test_a_form_asks_who_has_what_was_typed(cast: Cast) -> None:
    with cast.staff.acting():
        siti = make_customer(name="Siti", phone="0812-3456-7890", email="siti@example.com", passport_number="X1234567")
        archived = make_customer(name="Sari", phone="0813-1111-2222")
        archive_customer(archived)
    client = cast.staff.client()

    for query, words in (
        ("phone=0812 3456 7890", "Siti already has this number."),
        ("email=SITI@example.com", "Siti already has this e-mail."),
        ("passport_number=x-1234567", "Siti already has this passport number."),
    ):
        found = client.get(f"/customers/known?{query}").text
        assert (words in found, f'href="/customers/{siti}"' in found) == (True, True), query
        assert client.get(f"/customers/known?{query}&customer={siti}").text == "", "their own"
    for nobodys in ("phone=0813 1111 2222", "phone=", "phone=test", "email=nobody", "name=Siti", "phone=%00", ""):
        assert client.get(f"/customers/known?{nobodys}").text == "", nobodys
    assert cast.stranger.client().get("/customers/known?phone=0812 3456 7890").text == ""
    assert cast.viewer.client().get("/customers/known?phone=0812 3456 7890").status_code == 403


def test_the_number_is_edited_as_it_is_shown_and_stays_what_it_is(cast: Cast) -> None:
    with cast.staff.acting():
        ids = [
            make_customer(name="Siti", phone=number)
            for number in ("+6281234567890", "+6281234567891 ext. 12", "+4915112345678", "ask her mother", "")
        ]
    client, before = cast.staff.client(), [(row.phone, row.phone_extension) for row in customers(cast.staff)]
    shown = ["0812-3456-7890", "0812-3456-7891 ext. 12", "+49 1511 2345678", "ask her mother", ""]

    for id_, number in zip(ids, shown, strict=True):
        page = client.get(f"/customers/{id_}/edit").text
        assert re.search(rf'name="phone"[^>]* value="{re.escape(number)}"', page), number
        assert client.post(f"/customers/{id_}/edit", data={"name": "Siti", "phone": number}).status_code == 303
    assert [(row.phone, row.phone_extension) for row in customers(cast.staff)] == before


def test_a_phone_that_is_none_is_kept_as_typed_and_marked(cast: Cast) -> None:
    client = cast.staff.client()

    answer = client.post("/customers/new", data={"name": "Siti", "phone": "ask her mother"})

    assert not one(cast.staff).phone_valid
    page = client.get(answer.location).text
    assert "ask her mother" in page
    assert "Not a number that can be reached" in page
    assert 'href="tel:' not in page


def test_editing_changes_what_was_typed_and_records_it(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = make_customer(name="Siti", phone="0812-3456-7890", city="Bandung")
    client = cast.staff.client()
    page = client.get(f"/customers/{id_}/edit")
    assert "Siti" in page.text

    answer = client.post(
        f"/customers/{id_}/edit",
        data={"name": "Siti Rahma", "phone": "0812-3456-7890", "city": "Jakarta", "sms_allowed": "y"},
    )

    assert answer.status_code == 303
    customer = one(cast.staff)
    assert (customer.name, customer.city, customer.sms_allowed, customer.whatsapp_allowed) == (
        "Siti Rahma",
        "Jakarta",
        True,
        False,
    )
    with cast.staff.acting():
        event = db.session.scalars(sa.select(Event).where(Event.action == "customer.edited")).one()
        assert event.changes["name"] == ["Siti", "Siti Rahma"]
        assert event.actor_id == cast.staff.user_id
        assert event.customer_id == id_


def test_saving_without_a_change_leaves_no_event(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = make_customer(name="Siti")

    allowed = dict.fromkeys(("sms_allowed", "whatsapp_allowed", "email_allowed"), "y")
    cast.staff.client().post(f"/customers/{id_}/edit", data={"name": "Siti", **allowed})

    assert actions(cast.staff) == ["customer.created"]


def test_an_edit_keeps_the_branch_that_the_form_shows(cast: Cast) -> None:
    with cast.staff.acting():
        with transaction() as session:
            session.add(branch := Branch(name="Kemang"))
        branch_id = branch.id
        id_ = make_customer(name="Siti", branch_id=branch_id)
    client = cast.staff.client()

    page = client.get(f"/customers/{id_}/edit").text

    assert f'<option selected value="{branch_id}">Kemang</option>' in page
    client.post(f"/customers/{id_}/edit", data={"name": "Siti R"})
    assert (one(cast.staff).name, one(cast.staff).branch_id) == ("Siti R", branch_id)


def test_who_deletes_the_customer_on_the_screen_is_led_to_the_list(cast: Cast) -> None:
    with cast.manager.acting():
        ids = [make_customer(name=f"Siti {number}") for number in range(2)]
    client = cast.manager.client()

    on_the_list = client.post(
        f"/customers/{ids[0]}/delete", headers=HTMX | {"HX-Current-URL": "http://localhost/?q=si"}
    )
    on_the_page = client.post(
        f"/customers/{ids[1]}/delete", headers=HTMX | {"HX-Current-URL": f"http://localhost/customers/{ids[1]}"}
    )

    assert "HX-Redirect" not in on_the_list.headers
    assert "Siti 0 deleted." in on_the_list.text
    assert on_the_page.headers["HX-Redirect"] == "/"
    assert "Siti 1 deleted." in client.get("/").text


def test_who_adds_a_customer_on_the_list_is_offered_their_page(cast: Cast) -> None:
    client = cast.staff.client()

    added = client.post("/customers/new", data={"name": "Siti"}, headers=HTMX | {"HX-Current-URL": "http://localhost/"})

    page = f"/customers/{one(cast.staff).id}"
    assert f'href="{page}">Show</a>' in added.text
    here = HTMX | {"HX-Current-URL": f"http://localhost{page}"}
    assert ">Show</a>" not in client.post(f"{page}/edit", data={"name": "Siti R"}, headers=here).text


def test_delete_asks_first_and_then_is_for_good(cast: Cast) -> None:
    with cast.manager.acting():
        id_ = make_customer(name="Siti Rahma", email="siti@example.com")
    client = cast.manager.client()

    question = client.get(f"/customers/{id_}/delete")

    assert question.status_code == 200
    assert "Delete Siti Rahma for good?" in question.text
    assert one(cast.manager).id == id_

    answer = client.post(f"/customers/{id_}/delete")

    assert answer.status_code == 303
    assert customers(cast.manager) == []
    assert client.get(f"/customers/{id_}").status_code == 404
    with cast.manager.acting():
        assert db.session.scalars(sa.select(CustomerSearch)).all() == []
        (left,) = db.session.scalars(sa.select(Event))
        assert (left.action, left.changes, left.customer_id) == ("customer.deleted", {}, None)
        assert "Siti" not in repr(left.__dict__)


def test_archive_takes_out_of_the_list_and_restore_brings_back(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = make_customer(name="Siti Rahma")
    client = cast.staff.client()

    client.post(f"/customers/{id_}/archive")
    client.post(f"/customers/{id_}/archive")
    assert "Siti Rahma" not in client.get("/").text.replace("Siti Rahma archived.", "")
    assert "Siti Rahma" in client.get("/?status=archived").text
    assert "Archived" in client.get(f"/customers/{id_}").text

    client.post(f"/customers/{id_}/restore")
    assert one(cast.staff).is_active
    assert actions(cast.staff) == ["customer.created", "customer.archived", "customer.restored"], "each once"


def test_bulk_deactivates_exactly_the_selected_and_can_be_undone(cast: Cast) -> None:
    with cast.staff.acting():
        ids = [make_customer(name=name) for name in ("A", "B", "C", "D")]
    client = cast.staff.client()
    with cast.stranger.acting():
        foreign = make_customer(name="Foreign")

    answer = client.post(
        "/customers/bulk", data={"action": "deactivate", "ids": [ids[0], ids[1], foreign]}, follow_redirects=True
    )

    assert "2 customers deactivated" in answer.text
    assert [customer.is_active for customer in customers(cast.staff)] == [False, False, True, True]
    assert one(cast.stranger).is_active

    client.post(f"/customers/{ids[1]}/edit", data={"name": "B2"})
    undo = client.post("/bulk/1/undo", follow_redirects=True)
    assert "2 customers put back" in undo.text
    assert all(customer.is_active for customer in customers(cast.staff))
    assert "There was nothing left to undo." in client.post("/bulk/1/undo", follow_redirects=True).text


def test_bulk_says_what_is_missing(cast: Cast) -> None:
    client = cast.staff.client()

    nothing = client.post("/customers/bulk", data={"action": "deactivate"})
    odd = client.post("/customers/bulk", data={"action": "explode", "ids": "1"})

    assert (nothing.status_code, odd.status_code) == (422, 422)
    assert "Select at least one customer first." in nothing.text


def test_the_same_form_twice_makes_one_customer_and_gives_the_same_answer(cast: Cast) -> None:
    client = cast.staff.client()
    typed = {"name": "Siti", "idempotency_key": "abc"}

    first, second = (client.post("/customers/new", data=typed) for _ in range(2))

    assert first.location == second.location
    assert one(cast.staff).name == "Siti"


def test_a_key_used_with_other_content_keeps_the_form_and_gives_another_key(cast: Cast) -> None:
    client = cast.staff.client()
    client.post("/customers/new", data={"name": "Siti", "idempotency_key": "abc"})

    answer = client.post("/customers/new", data={"name": "Budi", "idempotency_key": "abc"})

    assert answer.status_code == 422
    assert "sent before with other content" in answer.text
    assert 'value="Budi"' in answer.text
    assert 'value="abc"' not in answer.text
    assert one(cast.staff).name == "Siti"


def test_twenty_of_the_same_at_once_make_one_customer(cast: Cast) -> None:
    clients = [cast.staff.client() for _ in range(20)]
    answers: list[int] = []

    def send(client: object) -> None:
        typed = {"name": "Siti", "email": "siti@example.com", "idempotency_key": "abc"}
        answers.append(client.post("/customers/new", data=typed).status_code)  # type: ignore[attr-defined]

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [303] * 20
    assert one(cast.staff).name == "Siti"


def test_twenty_different_forms_with_one_email_make_one_customer(cast: Cast) -> None:
    clients = [cast.staff.client() for _ in range(20)]
    answers: list[int] = []

    def send(number: int) -> None:
        typed = {"name": f"Siti {number}", "email": "siti@example.com"}
        answers.append(clients[number].post("/customers/new", data=typed).status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [303] + [422] * 19
    assert len(customers(cast.staff)) == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "x" * 201, "Shorten “Name” by 1 character"),
        ("notes", "x" * 5_001, "Shorten “Notes” by 1 character"),
        ("email", "no address", "Enter an e-mail address"),
        ("email", "a@b", "Enter an e-mail address"),
        ("branch", "999999", "Not a valid choice"),
        ("branch", "x", "Not a valid choice"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(cast: Cast, field: str, value: str, sentence: str) -> None:
    answer = cast.staff.client().post("/customers/new", data={"name": "Siti", field: value})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert customers(cast.staff) == []


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "Robert'); DROP TABLE customers;--",
        "نور",
        "🦄 Unicorn",
        "{{ 7 * 7 }}",
        "a\u0000b",
        "%s",
    ],
)
def test_any_name_is_only_a_name(cast: Cast, name: str) -> None:
    client = cast.staff.client()

    answer = client.post("/customers/new", data={"name": name}, follow_redirects=True)

    assert answer.status_code == 200
    assert one(cast.staff).name == name.replace("\0", "")
    assert "<script>alert" not in client.get("/").text
    assert "49" not in one(cast.staff).name


def test_names_that_nobody_could_see_are_no_names(cast: Cast) -> None:
    answer = cast.staff.client().post("/customers/new", data={"name": "\u200b\u202e \u0000"})

    assert answer.status_code == 422


@pytest.mark.parametrize("id_", ["0", "-1", "999999999", "9" * 30, "1e3", "x", "٣"])
def test_ids_that_are_none_are_404(cast: Cast, id_: str) -> None:
    client = cast.owner.client()

    for path in ("", "/edit", "/delete"):
        assert client.get(f"/customers/{id_}{path}").status_code == 404


def test_the_list_page_is_found_at_customers_too(cast: Cast) -> None:
    answer = cast.viewer.client().get("/customers?q=siti")

    assert answer.status_code == 303
    assert answer.location == "/?q=siti"


def test_a_viewer_sees_and_changes_nothing(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = make_customer(name="Siti Rahma")
    client = cast.viewer.client()

    page = client.get(f"/customers/{id_}")

    assert "Siti Rahma" in page.text
    for words in ("Schedule message", "Add invoice", ">Edit", ">Delete", ">Archive"):
        assert words not in page.text


def test_delete_is_offered_to_managers_alone(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = make_customer()

    assert "/delete" not in cast.staff.client().get(f"/customers/{id_}").text
    assert "/delete" in cast.manager.client().get(f"/customers/{id_}").text
