"""The one upsert, on both databases."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import Any

import pytest
import sqlalchemy as sa

from crm.customers.duplicate_pairs import Duplicate
from crm.customers.filters import Filters
from crm.customers.models import Customer, CustomerKey
from crm.customers.queries import page_of
from crm.customers.services import archive_customer
from crm.customers.signals import customer_restored
from crm.intake.rows import MANY, read
from crm.intake.upsert import Gathering, Taken, take_in, upsert
from crm.kernel.branch_scope import bind, unbind
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.people.contact_fields import ContactFields
from crm.people.person import Intake
from tests.factories import Cast, make_branch, make_customer
from tests.intake.people import intake

PHONE, SPELLED = "+6281234567890", "0812 3456-7890"
EARLY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LATE = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def take(name: str, **values: Any) -> Taken:
    return upsert(intake(name, **values))


def customer(id_: int) -> Customer:
    return db.session.get_one(Customer, id_)


def pairs() -> list[tuple[int, int, str, str]]:
    rows = db.session.execute(
        sa.select(Duplicate.first_id, Duplicate.second_id, Duplicate.shared, Duplicate.doubt).order_by(Duplicate.id)
    )
    return [tuple(row) for row in rows]


def test_a_person_is_new_once(cast: Cast) -> None:
    with cast.staff.acting():
        first = take("Siti Rahma", phone=SPELLED, city="Bandung", source="Lead")
        again = take("siti rahma", phone="+62 812 3456 7890", email="Siti@Example.com")

        assert (first.created, again.created, again.updated) == (True, False, True)
        assert first.customer_id == again.customer_id
        found = customer(first.customer_id)
        assert (found.name, found.phone, found.phone_valid) == ("Siti Rahma", PHONE, True)
        assert (found.email, found.city, found.source) == ("siti@example.com", "Bandung", "Lead")
        assert [row.id for row in page_of(Filters(q="0812 3456")).rows] == [found.id], "found by search at once"
        assert [row.id for row in page_of(Filters(q="siti@ex")).rows] == [found.id], "by what came later, too"
        told = db.session.scalars(sa.select(Event).order_by(Event.id)).all()
        assert [event.action for event in told] == ["customer.created", "customer.edited"]
        assert told[1].changes["email"] == [None, "siti@example.com"]


def test_the_later_one_names_the_person_and_blanks_are_filled(cast: Cast) -> None:
    with cast.staff.acting():
        branch = make_branch()
        id_ = take("Siti Rahma", phone=PHONE, at=LATE).customer_id
        earlier = take("Sitti Rahmah", phone=PHONE, city="Bandung", branch_id=branch, at=EARLY)
        assert (customer(id_).name, customer(id_).city, customer(id_).branch_id) == ("Siti Rahma", "Bandung", branch)
        assert customer(id_).last_activity_at == LATE
        assert earlier.updated

        take("Siti Rachma", phone=PHONE, city="Jakarta", at=LATE + dt.timedelta(days=1))
        assert (customer(id_).name, customer(id_).city) == ("Siti Rachma", "Bandung")


def test_the_same_again_changes_nothing(cast: Cast) -> None:
    people = [
        intake("Siti Rahma", phone=PHONE, at=LATE),
        intake("Budi Rahma", phone=PHONE, at=EARLY),
        intake("Sitti Rahma", email="siti@example.com", phone=PHONE, at=EARLY),
        intake("Ayu", at=EARLY, phone="-", email="none@none.com", passport_number="n/a"),
    ]
    with cast.staff.acting():
        first = take_in(people)
        followed = [person._replace(customer_id=taken.customer_id) for person, taken in zip(people, first, strict=True)]

        again = take_in(followed)

        assert [taken.created for taken in first] == [True, True, False, True]
        assert [(taken.created, taken.updated) for taken in again] == [(False, False)] * 4
        assert [taken.customer_id for taken in again] == [taken.customer_id for taken in first]


def test_a_family_shares_a_phone_and_the_pair_waits_for_somebody(cast: Cast) -> None:
    with cast.staff.acting():
        mother = take("Siti Rahma", phone=PHONE).customer_id
        son = take("Budi Rahma", phone=PHONE)

        assert (son.created, son.duplicates) == (True, (mother,))
        assert pairs() == [(mother, son.customer_id, "phone", "names")]
        assert take("Budi Rahma", phone=SPELLED).customer_id == son.customer_id
        assert len(pairs()) == 1, "entered once"


def test_an_email_that_somebody_has_is_remembered_beside_the_new_customer(cast: Cast) -> None:
    with cast.staff.acting():
        first = take("Siti Rahma", email="info@shop.example.com").customer_id
        second = take("Budi Santoso", email="info@shop.example.com").customer_id

        assert customer(second).email is None
        assert pairs() == [(first, second, "email", "names")]
        assert take("Budi Santoso", email="INFO@shop.example.com").customer_id == second


def test_a_new_phone_is_remembered(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = take("Siti Rahma", phone=PHONE, email="siti@example.com").customer_id
        take("Siti Rahma", phone="0813 1111 2222", email="siti@example.com")

        assert customer(id_).phone == PHONE, "only blanks are filled"
        assert take("Siti Rahma", phone="0813-1111-2222").customer_id == id_
        assert db.session.scalars(sa.select(CustomerKey.value)).all() == ["+6281311112222"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("+5491123456789", "+541123456789"), ("+5531988887777", "+553188887777"), ("+525512345678", "+5215512345678")],
)
def test_two_spellings_of_one_line_are_one_person(cast: Cast, first: str, second: str) -> None:
    with cast.owner.acting():
        for one, other in ((first, second), (second, first)):
            siti, again = (take("Siti Rahma", phone=number, source=one) for number in (one, other))
            assert (again.customer_id, again.created) == (siti.customer_id, False)
            assert customer(siti.customer_id).phone in {first, second}
            assert db.session.scalars(sa.select(CustomerKey.value)).all() == [], "it is no further number"
        budi = take("Budi Santoso", phone=other)
        assert budi.duplicates == (siti.customer_id,)


def test_a_further_number_is_known_in_both_spellings(cast: Cast) -> None:
    with cast.owner.acting():
        siti = take("Siti Rahma", phone=PHONE, email="siti@example.com")
        take("Siti Rahma", phone="+54 11 2345 6789", email="siti@example.com")
        assert db.session.scalars(sa.select(CustomerKey.value)).all() == ["+541123456789"], "as it can be called"
        assert take("Siti Rahma", phone="+54 9 11 2345 6789").customer_id == siti.customer_id
        assert len(db.session.scalars(sa.select(CustomerKey.value)).all()) == 1


def test_another_passport_number_is_never_merged(cast: Cast) -> None:
    with cast.staff.acting():
        first = take("Siti Rahma", phone=PHONE, passport_number="a 123-4567").customer_id
        second = take("Siti Rahma", phone=PHONE, passport_number="B7654321")

        assert customer(first).passport_number == "A1234567"
        assert (second.created, pairs()) == (True, [(first, second.customer_id, "phone", "passports")])


def test_two_keys_of_two_customers_update_the_stronger(cast: Cast) -> None:
    with cast.staff.acting():
        siti, budi = make_customer(name="Siti Rahma", phone=PHONE), make_customer(name="Budi", email="budi@example.com")

        taken = take("Siti Rahma", phone=PHONE, email="budi@example.com", city="Bandung")

        assert (taken.customer_id, taken.created, taken.duplicates) == (siti, False, (budi,))
        assert (customer(siti).city, customer(siti).email) == ("Bandung", None)


def test_an_archived_customer_comes_back_with_later_activity_alone(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = take("Siti Rahma", phone=PHONE, at=EARLY).customer_id
        archive_customer(id_)

        assert take("Siti Rahma", phone=PHONE, at=LATE).customer_id == id_
        assert customer(id_).is_archived, "before the archiving"
        take("Siti Rahma", phone=PHONE)
        assert not customer(id_).is_archived
        assert customer(id_).is_active


def test_many_at_once_know_each_other(cast: Cast) -> None:
    with cast.staff.acting():
        taken = take_in([intake(f"Person {chr(65 + n % 26)}lice", phone=f"0812 3456 7{n % 50:03}") for n in range(200)])

        assert sum(one.created for one in taken) == db.session.scalar(sa.select(sa.func.count(Customer.id)))
        assert len({one.customer_id for one in taken}) == sum(one.created for one in taken)


def test_many_who_come_again_are_changed_in_one_go(cast: Cast) -> None:
    people = [intake(f"Siti Rahma{chr(97 + n % 26) * 3}", phone=f"0812 3456 7{n:03}", at=EARLY) for n in range(120)]
    with cast.staff.acting():
        first = take_in(people)
        again = take_in(
            [intake(f"{one.contact.name} Lestari", one.contact.phone, city="Medan", at=LATE) for one in people]
        )

        assert [taken.customer_id for taken in again] == [taken.customer_id for taken in first]
        assert all(taken.updated for taken in again)
        last = customer(first[-1].customer_id)
        assert (last.name, last.city, last.last_activity_at) == (f"{people[-1].contact.name} Lestari", "Medan", LATE)
        assert len(page_of(Filters(q="lestari", city="Medan", per_page=100)).rows) == 100
        told = db.session.scalars(sa.select(Event).where(Event.customer_id == last.id).order_by(Event.id)).all()
        assert told[1].changes["city"] == ["", "Medan"]


def test_the_last_of_a_batch_that_speaks_of_now_names_the_person(cast: Cast) -> None:
    with cast.staff.acting():
        first, second = take_in([intake("Sitti Rahma", phone=PHONE), intake("Siti Rahmah", phone=PHONE)])

        assert first.customer_id == second.customer_id
        assert customer(first.customer_id).name == "Siti Rahmah"


def test_what_a_record_keeps_as_customers_do_is_taken_as_it_is(cast: Cast) -> None:
    with cast.staff.acting():
        id_ = take("Siti Rahma", phone=PHONE, email="siti@example.com", passport_number="A1234567").customer_id

        for kept in ({"phone": PHONE}, {"email": "siti@example.com"}, {"passport_number": "A1234567"}):
            contact = ContactFields("Siti Rahma", phone_valid="phone" in kept, **kept)
            assert upsert(Intake(contact)).customer_id == id_
        nobody = ContactFields("Siti Rahma", phone="0812", email="test@test.com", passport_number="000000")
        other = upsert(Intake(nobody.known()))
        assert other.created
        assert customer(other.customer_id).email is None


def test_a_number_that_somebody_has_left_to_their_household_leads_to_nobody_by_itself(cast: Cast) -> None:
    with cast.staff.acting():
        siti = take("Siti Rahma", phone=PHONE, email="siti@example.com").customer_id
        mother = take("Dewi Rahma", phone=PHONE).customer_id
        assert take("Siti Rahma", phone="0813 1111 2222", email="siti@example.com").customer_id == siti

        another = take("Siti Rahma", phone=PHONE)

        assert (another.created, set(another.duplicates)) == (True, {siti, mother})
        assert take("Siti Rahma", phone=PHONE, email="siti@example.com").customer_id == siti, "the e-mail leads there"


def test_whoever_was_merged_is_followed_and_never_matched(cast: Cast) -> None:
    with cast.staff.acting():
        siti = make_customer(name="Siti Rahma", phone=PHONE)
        older, oldest = make_customer(name="Siti"), make_customer(name="Siti")
        with transaction() as session:
            for id_, into in ((older, siti), (oldest, older)):
                session.get_one(Customer, id_).merged_into_id = into
            session.get_one(Customer, older).phone = "+6281311112222"
            session.get_one(Customer, older).phone_valid = True

        assert take("Siti Rahma", city="Medan", customer_id=oldest).customer_id == siti
        assert customer(siti).city == "Medan"
        assert take("Siti", phone="+6281311112222").created


def test_a_circle_of_merged_customers_leads_nowhere(cast: Cast) -> None:
    with cast.staff.acting():
        one, two = make_customer(name="Siti"), make_customer(name="Siti")
        with transaction() as session:
            session.get_one(Customer, one).merged_into_id = two
            session.get_one(Customer, two).merged_into_id = one

        assert take("Siti", customer_id=one).created


def test_a_customer_whom_intake_brings_back_goes_on_with_their_series(cast: Cast) -> None:
    restored: list[int] = []

    def note(row: Customer) -> None:
        restored.append(row.id)

    with cast.staff.acting(), customer_restored.connected_to(note):
        id_ = take("Siti Rahma", phone=PHONE, at=EARLY).customer_id
        archive_customer(id_)
        take("Siti Rahma", phone=PHONE)

    assert restored == [id_]


def test_an_office_address_of_thousands_leads_to_the_same_name_alone(cast: Cast) -> None:
    office = "info@office.example.com"
    syllables = ("ban", "kor", "dis", "mut", "lep", "gaf", "sin", "vod", "rul", "jem")
    names = ["".join(three) for three in itertools.product(syllables, repeat=3)]
    with cast.staff.acting():
        everybody = [
            take_in([intake(name, email=office) for name in names[at : at + 250]]) for at in (0, 250, 500, 750)
        ]
        taken = list(itertools.chain.from_iterable(everybody))

        assert sum(one.created for one in taken) > 18 * MANY, "nearly all: a few of the first sound alike"
        with transaction():
            assert len(read([intake("Siti Rahma", email=office)]).people) <= MANY, "so many are looked at and no more"
        assert take(names[-1].upper(), email=office).customer_id == taken[-1].customer_id
        stranger = take("Siti Rahma", email=office)
        assert (stranger.created, stranger.duplicates) == (True, ())


def test_what_is_no_number_and_no_address_is_no_key(cast: Cast) -> None:
    with cast.staff.acting():
        first = take("Siti", phone="8.12E+10", email="not an address").customer_id
        second = take("Siti", phone="8.12E+10", email="not an address").customer_id

        assert first != second
        assert (customer(first).phone, customer(first).phone_valid, customer(first).email) == ("8.12E+10", False, None)


def test_another_person_saved_on_a_number_is_entered(cast: Cast) -> None:
    with cast.staff.acting():
        siti, budi = make_customer(name="Siti", phone=PHONE), make_customer(name="Budi", phone=SPELLED)
        again = make_customer(name="Siti", phone=PHONE)

        assert pairs() == [
            (siti, budi, "phone", "names"),
            (siti, again, "phone", "keys"),
            (budi, again, "phone", "names"),
        ]


def test_another_organization_is_another_world(cast: Cast) -> None:
    with cast.staff.acting():
        here = take("Siti Rahma", phone=PHONE).customer_id
    with cast.stranger.acting():
        there = take("Siti Rahma", phone=PHONE)

    assert there.created
    assert there.customer_id != here


@pytest.mark.parametrize("bound", [True, False])
def test_somebody_of_another_branch_is_the_same_person(cast: Cast, bound: bool) -> None:
    with cast.staff.acting():
        branch, other = make_branch(), make_branch()
        id_ = make_customer(name="Siti Rahma", phone=PHONE, branch_id=other)
    with cast.staff.acting():
        token = bind(branch if bound else None)
        try:
            assert take("Siti Rahma", phone=PHONE).customer_id == id_
        finally:
            unbind(token)


def test_who_is_certain_is_who_would_be_decided(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all keys lead to one customer of the same name nothing is weighed up; that may not be another answer."""
    chance = random.Random(4)
    people = [
        intake(
            chance.choice(("Siti Rahma", "Sitti Rahmah", "Budi Santoso", "Ayu")),
            phone=chance.choice(("", *(f"0812 3456 78{n:02}" for n in range(12)))),
            email=chance.choice(("", *(f"p{n}@example.com" for n in range(12)))),
            passport_number=chance.choice(("", "", *(f"A12345{n:02}" for n in range(12)))),
            city=chance.choice(("", "Bandung")),
            at=chance.choice((EARLY, LATE)),
        )
        for _ in range(240)
    ]
    with cast.staff.acting():
        quick = [take_in(people[at : at + 40]) for at in range(0, len(people), 40)]
        of_quick = _all_customers()
    monkeypatch.setattr(Gathering, "_the_only_one", lambda *_: None)
    with cast.stranger.acting():
        decided = [take_in(people[at : at + 40]) for at in range(0, len(people), 40)]
        assert _all_customers() == of_quick
    assert [_numbered(batch) for batch in quick] == [_numbered(batch) for batch in decided]


def _all_customers() -> list[tuple[object, ...]]:
    columns = (Customer.name, Customer.phone, Customer.email, Customer.passport_number, Customer.city)
    rows = db.session.execute(sa.select(*columns, Customer.last_activity_at).order_by(Customer.id))
    return [tuple(row) for row in rows]


def _numbered(taken: list[Taken]) -> list[tuple[object, ...]]:
    return [(one.created, one.updated, len(one.duplicates)) for one in taken]
