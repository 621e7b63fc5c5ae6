"""Codes that people read out and type: Crockford's base32, without letters that look like a digit."""

from __future__ import annotations

import secrets

from crm.values.text import fold

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def read_code(typed: str) -> str:
    """Return a code as it is kept: spaces, dashes, case, and letters that look like digits make no difference."""
    text = fold(typed).upper().translate(_MEANT)
    return "".join(letter for letter in text if letter not in " -_.")
