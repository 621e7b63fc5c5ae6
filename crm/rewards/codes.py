"""Codes of vouchers: Crockford's base32, nine random characters and one that checks them; pure.

The check is the value of a polynomial over the field of 32 elements, so one wrong character is always found, and so are
two neighbours that changed places.
"""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
LONGEST_TYPED = 60
"""Characters that are read of what was typed, with spaces and dashes."""

_LOOK_ALIKES = str.maketrans("OIL", "011")
_SEPARATORS = dict.fromkeys(map(ord, " -_.\N{NO-BREAK SPACE}\N{HYPHEN}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"))
_FIELD = 0b100101
"""x⁵ + x² + 1, which has no divisor."""


def new_code() -> str:
    digits = [secrets.randbelow(len(ALPHABET)) for _ in range(LENGTH - 1)]
    return "".join(ALPHABET[digit] for digit in (*digits, _check(digits)))


def read_code(typed: str) -> str:
    """Return a code as it is kept: capitals without spaces and dashes, with 0 for O and 1 for I and L."""
    return typed[:LONGEST_TYPED].translate(_SEPARATORS).upper().translate(_LOOK_ALIKES)


def is_code(code: str) -> bool:
    """Whether a code that was read can be that of a voucher."""
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return False
    *digits, check = map(ALPHABET.index, code)
    return _check(digits) == check


def grouped(code: str) -> str:
    """Return the code as people read it: K7M2Q-9XTRC."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def _check(digits: list[int]) -> int:
    value = 0
    for digit in digits:
        value = (value ^ digit) << 1
        if value >= len(ALPHABET):
            value ^= _FIELD
    return value
