"""Codes of vouchers: 45 random bits, one character that checks them, and what people make of them."""

from __future__ import annotations

import itertools

from crm.rewards.codes import ALPHABET, LENGTH, grouped, is_code, new_code, read_code


def test_a_code_has_ten_characters_without_look_alikes() -> None:
    codes = {new_code() for _ in range(2_000)}
    assert len(codes) == 2_000
    for code in codes:
        assert len(code) == LENGTH
        assert not set(code) - set(ALPHABET)
        assert not set(code) & set("ILOU")
        assert is_code(code)
    for place in range(LENGTH):
        assert len({code[place] for code in codes}) == len(ALPHABET), "every character comes at every place"


def test_a_code_is_read_as_people_write_it() -> None:
    code = next(code for code in iter(new_code, "") if "0" in code and "1" in code)
    spoken = code.replace("0", "O").replace("1", "l")
    for typed in (code.lower(), grouped(code), f" {spoken} ", " ".join(spoken), spoken.replace("l", "I").lower()):
        assert read_code(typed) == code, typed
    assert read_code("\N{EN DASH}".join(code)) == code


def test_one_wrong_character_is_always_found() -> None:
    for _ in range(20):
        code = new_code()
        for place, other in itertools.product(range(LENGTH), ALPHABET):
            typed = code[:place] + other + code[place + 1 :]
            assert is_code(typed) == (typed == code)


def test_two_neighbours_that_changed_places_are_always_found() -> None:
    for _ in range(200):
        code = new_code()
        for place in range(LENGTH - 1):
            typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert is_code(typed) == (typed == code)


def test_what_is_no_code_is_none() -> None:
    for typed in ("", "K7M2Q", "U" * 10, "K7M2Q-9XTRCC", "سسسسسسسسسس", "0" * 5_000, "\N{FULLWIDTH DIGIT ONE}" * 10):
        assert not is_code(read_code(typed)), typed
