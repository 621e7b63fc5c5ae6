"""Who sends a push message, proved to the push service (RFC 8292): keys, and the header of each request."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate

from crm.web_push.encoding import decode, encode
from crm.web_push.encryption import point_of

PRIVATE_KEY = 32
"""Bytes."""

LASTS = dt.timedelta(hours=12)
"""Push services refuse tokens that last longer than a day."""


@dataclass(frozen=True)
class Keys:
    """The installation's keys. A new pair ends every subscription, for browsers subscribe to one public key.

    public: as `applicationServerKey` takes it. subject: whom a push service may write to, mailto: or https:.
    """

    private: EllipticCurvePrivateKey = field(repr=False)
    public: str
    subject: str

    @property
    def name(self) -> str:
        """A short name of the pair, by which subscriptions to an earlier one are known."""
        return hashlib.sha256(self.public.encode()).hexdigest()[:16]


@functools.lru_cache(maxsize=8)
def read_keys(private: str, subject: str) -> Keys:
    """Return the keys of a private one, 32 bytes in base64; raises ValueError."""
    try:
        key = derive_private_key(int.from_bytes(decode(private, PRIVATE_KEY), "big"), SECP256R1())
    except ValueError:
        raise ValueError("not a private key of P-256") from None
    return Keys(key, encode(point_of(key.public_key())), subject)


def new_private_key() -> str:
    value = generate(SECP256R1()).private_numbers().private_value
    return encode(value.to_bytes(PRIVATE_KEY, "big"))


def authorization(keys: Keys, endpoint: str, now: dt.datetime) -> str:
    """Return the header Authorization of a request to the endpoint."""
    claims = {"aud": origin_of(endpoint), "exp": int((now + LASTS).timestamp()), "sub": keys.subject}
    return f"vapid t={jwt.encode(claims, keys.private, 'ES256')}, k={keys.public}"


def origin_of(endpoint: str) -> str:
    """Return scheme and host, with the port where it isn't the usual one."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc.removesuffix(':443') if parts.scheme == 'https' else parts.netloc}"
