"""Generated customers and messages: the same ordinal gives the same person everywhere."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Sequence

import phonenumbers

from crm.demo.name_pools import pool_of
from crm.demo.rows import CustomerRow, MessageRow

_POINT_SHARES = ((5, 1, 100), (8, 100, 500), (9, 500, 1_000), (10, 1_000, 5_000))
"""Of ten persons with points, the cumulative share, the least points, and the bound of the most."""

VARIED_DIGITS = 8
"""Last digits of a generated number that vary: tens of millions of numbers for a region."""

_EXAMPLE_NUMBERS = {"ID": "81234567890"}
"""Where the metadata's example is of a kind that is hardly assigned any more."""


class NoMoreNumbersError(Exception):
    pass


def customers(
    region: str,
    first: int,
    count: int,
    messages: int = 0,
    due_at: dt.datetime | None = None,
    branch_ids: Sequence[int] = (),
) -> Iterator[CustomerRow]:
    """Yield `count` customers from ordinal `first` on, with `messages` SMS to them at `due_at`, spread evenly.

    They belong to `branch_ids` in turn; every tenth is inactive, and a third has no points. Raises NoMoreNumbersError.
    """
    taken = itertools.islice(_numbers(region), first, None)
    for index in range(count):
        number = next(taken, None)
        if number is None:
            raise NoMoreNumbersError(f"{region} has no more phone numbers after {first + index:,} generated customers.")
        row = _person(region, first + index, number)
        row.branch_id = branch_ids[(first + index) % len(branch_ids)] if branch_ids else None
        share = messages // count + (index < messages % count)
        if share and due_at is not None:
            row.messages = [MessageRow("sms", _body(row.name, first + index, nth), due_at) for nth in range(share)]
        yield row


def example_number(region: str, index: int) -> str:
    """Return one of a hundred numbers beside the example of the region's numbering plan, "" where it has none."""
    country, national = _example(region)
    number = f"+{country}{national[:-2]}{index % 100:02}"
    return number if national and phonenumbers.is_valid_number(phonenumbers.parse(number)) else ""


def _person(region: str, ordinal: int, number: str) -> CustomerRow:
    names = pool_of(region)
    dice = _scatter(ordinal)
    dice, first = divmod(dice, len(names.first))
    dice, last = divmod(dice, len(names.last))
    dice, place = divmod(dice, len(names.places))
    dice, street = divmod(dice, len(names.streets))
    dice, house = divmod(dice, 200)
    city, province, postal_code = names.places[place]
    name = f"{names.first[first]} {names.last[last]}"
    return CustomerRow(
        name=name,
        phone=number,
        # A walk-in customer without an e-mail is normal: every fourth.
        email=None if dice % 4 == 0 else f"{name.lower().replace(' ', '.')}{ordinal}@example.com",
        address=f"{names.streets[street]} {house + 1}",
        city=city,
        province=province,
        postal_code=postal_code,
        is_active=ordinal % 10 != 9,
        points=_points(ordinal),
    )


def _points(ordinal: int) -> int:
    """Return points: none for a third, else of every tier, fewer of the higher ones."""
    if ordinal % 3 == 0:
        return 0
    dice, size = divmod(_scatter(~ordinal & 0xFFFFFFFF), 10)
    least, most = next((least, most) for share, least, most in _POINT_SHARES if size < share)
    return least + dice % (most - least)


def _body(name: str, ordinal: int, nth: int) -> str:
    return f"Hello {name.split()[0]}, your order {ordinal + 1}-{nth + 1} is ready. See you soon!"


def _scatter(ordinal: int) -> int:
    """Return 64 pseudo-random bits, by the finalizer of splitmix64."""
    mixed = (ordinal + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return mixed ^ mixed >> 31


def _numbers(region: str) -> Iterator[str]:
    """Yield every mobile number of the region once, in E.164, in a pseudo-random order."""
    country, national = _example(region)
    if not national:
        return
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    pattern = metadata and metadata.mobile and metadata.mobile.national_number_pattern
    is_mobile = re.compile(pattern or "").fullmatch
    varied = min(VARIED_DIGITS, len(national) - 1)
    start, size = national[:-varied], 10**varied
    for step in range(size):
        # 61,803,399 and a power of ten have no common factor, so no number comes twice.
        number = f"{start}{step * 61_803_399 % size:0{varied}}"
        if is_mobile(number):
            yield f"+{country}{number}"


def _example(region: str) -> tuple[int | None, str]:
    """Return the country code and an example of a mobile number; "" where the metadata has none."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return None, ""
    national = _EXAMPLE_NUMBERS.get(region) or phonenumbers.national_significant_number(example)
    return example.country_code, national
