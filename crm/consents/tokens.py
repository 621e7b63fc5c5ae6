"""Tokens of the links in marketing: they say by themselves whose marketing of whom they end, and never expire.

`organization.customer.kind.address.proof`; the address is a keyed hash, as the opt-out of somebody who was erased has
it, so that the link still works when nothing is left of its reader.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import NamedTuple

from crm.kernel.fingerprints import fingerprint, fingerprints
from crm.messages.suppression_models import HIDDEN, hidden, listed

PURPOSE = "unsubscribe"
PROOF = 24
"""Hexadecimal digits: 96 bits."""

_TOKEN = re.compile(r"([1-9]\d{0,17})\.([1-9]\d{0,17})\.([a-z]{1,10})\.([\w-]{27})\.([\w-]{16})", re.ASCII)


class Subscription(NamedTuple):
    """What a token ends. `address` is its keyed hash as opt-outs have it."""

    organization_id: int
    customer_id: int
    kind: str
    address: str

    def is_of(self, address: str) -> bool:
        return self.address in listed([address])


def token_for(organization_id: int, customer_id: int, kind: str, address: str) -> str:
    name = hidden(address).removeprefix(HIDDEN)
    proof = fingerprint(PURPOSE, organization_id, customer_id, kind, name)[:PROOF]
    return f"{organization_id}.{customer_id}.{kind}.{_short(name)}.{_short(proof)}"


def subscription_of(token: str) -> Subscription | None:
    """Return what a token of ours ends, None for any other."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    try:
        name, proof = _long(found[4]), _long(found[5])
    except (ValueError, binascii.Error):
        return None
    organization_id, customer_id, kind = int(found[1]), int(found[2]), found[3]
    known = fingerprints(PURPOSE, organization_id, customer_id, kind, name)
    if not any(hmac.compare_digest(each[:PROOF], proof) for each in known):
        return None
    return Subscription(organization_id, customer_id, kind, f"{HIDDEN}{name}")


def _short(digits: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(digits)).decode().rstrip("=")


def _long(text: str) -> str:
    return base64.urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}").hex()
