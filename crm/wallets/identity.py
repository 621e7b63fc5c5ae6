"""Serial numbers of cards, and the tokens by which phones prove that they have one; pure.

Both follow from the customer, so making a card writes nothing. A serial names its organization first: row-level
security needs it before a row is read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import NamedTuple

_SERIAL = re.compile(r"(\d{1,18})-(\d{1,18})-[0-9a-f]{8}", re.ASCII)


class Owner(NamedTuple):
    organization_id: int
    customer_id: int


def serial_of(owner: Owner, secret: str) -> str:
    """Return the serial of a customer's card; another installation has another one for the same ids."""
    named = f"{owner.organization_id}-{owner.customer_id}"
    return f"{named}-{_mac(secret, f'serial {named}')[:8]}"


def owner_of(serial: str) -> Owner | None:
    found = _SERIAL.fullmatch(serial)
    return Owner(int(found[1]), int(found[2])) if found else None


def token_of(serial: str, secret: str) -> str:
    return _mac(secret, f"token {serial}")


def is_token_of(serial: str, token: str, secrets: Iterable[str]) -> bool:
    """Whether the token is the serial's, made with one of the secrets."""
    given = token.encode()
    return any([hmac.compare_digest(token_of(serial, secret).encode(), given) for secret in secrets])  # noqa: C419 -- the time tells nothing of which


def _mac(secret: str, text: str) -> str:
    return hmac.new(f"crm.wallets {secret}".encode(), text.encode(), hashlib.sha256).hexdigest()
