"""The address that mail comes back to: it names the attempt, with a proof, so that nobody makes up a bounce."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crm.providers.letters.message import ascii_address

PURPOSE = "returned mail"
"""Of the keys, one for each organization (`kernel/fingerprints.py`)."""

PROOF = 24
"""Hexadecimal digits: 96 bits. An address has room for 64 signs before its @."""

_CLAIM = re.compile(r"\+((?:test-)?[1-9]\d{0,17})\.([0-9a-f]{24})@", re.ASCII | re.IGNORECASE)


class Claim(NamedTuple):
    """What an address says: a reference to an attempt or a test, and the proof that we wrote it."""

    reference: str
    proof: str

    def is_genuine(self, keys: Iterable[str]) -> bool:
        """Whether one of the organization's keys made the proof."""
        return any(hmac.compare_digest(_proof(key, self.reference), self.proof) for key in keys)


def return_path(address: str, reference: str, key: str) -> str:
    """Return the envelope sender of an attempt; ValueError for an address that mail servers can't take."""
    local, _sign, domain = ascii_address(address).rpartition("@")
    return f"{local}+{reference}.{_proof(key, reference)}@{domain}"


def claims_in(text: str) -> Iterator[Claim]:
    for found in _CLAIM.finditer(text):
        yield Claim(found[1].lower(), found[2].lower())


def _proof(key: str, reference: str) -> str:
    return hmac.new(key.encode(), reference.encode(), hashlib.sha256).hexdigest()[:PROOF]
