"""Who an incoming person is: what leads to a customer, what speaks against it, what is left for somebody to look at."""

from __future__ import annotations

import pytest

from crm.people.matching import SHARED_BY_MANY, Doubt, Kind, Known, Match, decide

PHONE, OTHER_PHONE = "+6281234567890", "+6281311112222"
EMAIL, PASSPORT, OTHER_PASSPORT = "siti@example.com", "A1234567", "B7654321"


def known(id_: int, name: str, **keys: str) -> Known:
    return Known(id_, name, frozenset((Kind(kind), value) for kind, value in keys.items()))


def judge(name: str, *customers: Known, **keys: str) -> Match:
    wanted = {Kind(kind): value for kind, value in keys.items()}
    sharing = {
        kind: [customer for customer in customers if (kind, value) in customer.keys] for kind, value in wanted.items()
    }
    return decide(name, wanted, sharing)


def doubts(verdict: Match) -> list[tuple[int, Doubt]]:
    return [(pair.customer_id, pair.doubt) for pair in verdict.pairs]


@pytest.mark.parametrize("key", [{"phone": PHONE}, {"email": EMAIL}, {"passport": PASSPORT}])
def test_each_key_leads_to_its_customer(key: dict[str, str]) -> None:
    verdict = judge("Siti Rahma", known(1, "Sitti Rahmah", **key), **key)

    assert verdict == Match(1, by_name=True, pairs=())


def test_nobody_shares_anything() -> None:
    assert judge("Siti", phone=PHONE) == Match(None, by_name=False, pairs=())
    assert judge("Siti") == Match(None, by_name=False, pairs=())


@pytest.mark.parametrize("key", [{"phone": PHONE}, {"email": EMAIL}])
def test_another_name_on_a_phone_or_an_email_is_another_person(key: dict[str, str]) -> None:
    verdict = judge("Budi Rahma", known(1, "Siti Rahma", **key), **key)

    assert (verdict.customer_id, doubts(verdict)) == (None, [(1, Doubt.NAMES)])


def test_a_family_comes_back_by_name_on_its_phone() -> None:
    family = [known(1, "Siti Rahma", phone=PHONE), known(2, "Budi Rahma", phone=PHONE)]

    verdict = judge("budi rahma", *family, phone=PHONE)

    assert (verdict.customer_id, doubts(verdict)) == (2, [(1, Doubt.NAMES)])


@pytest.mark.parametrize("number", [PASSPORT, "AB1234567", "112233", "123456", "TBA123", "PENDING1"])
def test_a_passport_alone_makes_nobody_of_another_name_one(number: str) -> None:
    verdict = judge("Hania Amir", known(1, "Usman Tariq", passport=number, phone=PHONE), passport=number)

    assert (verdict.customer_id, doubts(verdict)) == (None, [(1, Doubt.NAMES)])


@pytest.mark.parametrize("number", ["112233", "123456", "987654", "TBA123", "PENDING1"])
def test_what_is_written_until_the_passport_is_known_leads_to_nobody_and_speaks_against_nobody(number: str) -> None:
    usman = known(1, "Usman Tariq", passport=number, phone=PHONE)

    assert judge("Usman Tariq", usman, passport=number)[::2] == (None, ((1, Kind.PASSPORT, Doubt.KEYS),))
    assert judge("Usman Tariq", usman, phone=PHONE, passport=PASSPORT) == Match(1, by_name=True, pairs=())


def test_a_name_of_two_on_one_phone_is_left_to_somebody() -> None:
    sisters = [known(1, "Dewi Lestari", phone=PHONE), known(2, "Dewi Anggraini", phone=PHONE)]

    assert judge("Dewi", *sisters, phone=PHONE).customer_id is None
    assert judge("Dewi Anggraini", *sisters, phone=PHONE).customer_id == 2


def test_another_passport_number_is_another_person() -> None:
    verdict = judge(
        "Siti Rahma", known(1, "Siti Rahma", phone=PHONE, passport=PASSPORT), phone=PHONE, passport=OTHER_PASSPORT
    )

    assert (verdict.customer_id, doubts(verdict)) == (None, [(1, Doubt.PASSPORTS)])


def test_two_keys_of_two_customers_lead_to_the_one_of_the_name() -> None:
    siti, budi = known(1, "Siti Rahma", phone=PHONE), known(2, "Budi Santoso", email=EMAIL)

    assert judge("Siti Rahma", siti, budi, phone=PHONE, email=EMAIL)[::2] == (1, judge_pairs(2, Kind.EMAIL))
    assert judge("Budi Santoso", siti, budi, phone=PHONE, email=EMAIL)[::2] == (2, judge_pairs(1, Kind.PHONE))


def judge_pairs(id_: int, shared: Kind) -> tuple[tuple[int, Kind, Doubt], ...]:
    return ((id_, shared, Doubt.NAMES),)


def test_two_keys_of_two_others_lead_to_the_stronger_without_its_name() -> None:
    siti, budi = known(1, "Siti Rahma", phone=PHONE), known(2, "Budi Santoso", email=EMAIL)

    verdict = judge("Ayu Lestari", siti, budi, phone=PHONE, email=EMAIL)

    assert (verdict.customer_id, verdict.by_name, doubts(verdict)) == (1, False, [(2, Doubt.NAMES)])


def test_both_of_two_customers_have_the_name() -> None:
    one, two = known(1, "Siti Rahma", phone=PHONE), known(2, "Siti Rahma", email=EMAIL)

    verdict = judge("Siti Rahma", one, two, phone=PHONE, email=EMAIL)

    assert (verdict.customer_id, doubts(verdict)) == (1, [(2, Doubt.KEYS)])


def test_a_passport_of_somebody_else_does_not_speak_against_the_name() -> None:
    siti, budi = known(1, "Siti Rahma", phone=PHONE, passport=PASSPORT), known(2, "Budi", passport=OTHER_PASSPORT)

    verdict = judge("Siti Rahma", siti, budi, phone=PHONE, passport=OTHER_PASSPORT)

    assert (verdict.customer_id, doubts(verdict)) == (1, [(2, Doubt.NAMES)])


def test_what_many_share_leads_to_nobody_but_their_own_name() -> None:
    names = ("Ayu", "Budi", "Citra", "Dewi", "Eko", "Fajar")
    many = [known(n, f"{name} Rahma", phone=PHONE) for n, name in enumerate(names, 1)]
    assert len(many) == SHARED_BY_MANY + 1

    assert judge("Gita Lestari", *many, phone=PHONE) == Match(None, by_name=False, pairs=())
    assert judge("Dewi Rahma", *many, phone=PHONE) == Match(4, by_name=True, pairs=())
