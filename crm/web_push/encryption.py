"""Encrypt a push message for one browser (RFC 8291): one record of aes128gcm (RFC 8188)."""

from __future__ import annotations

import os
import struct

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_SIZE = 4096
PUBLIC_KEY, AUTH, SALT = 65, 16, 16
"""Bytes: of a point of P-256 as browsers send it, of the authentication secret, and of the salt."""

OVERHEAD = SALT + 4 + 1 + PUBLIC_KEY + 1 + 16
"""Bytes that a message is longer than its text: the header, the delimiter of the last record, and the tag."""

MAX_TEXT = 3 * 1024
"""Bytes of a text: push services take 4 KB with the overhead, some less."""


def encrypt(
    text: bytes,
    browser_key: bytes,
    auth: bytes,
    *,
    own: EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return the body of the request to the push service.

    browser_key, auth: `p256dh` and `auth` of the subscription. own, salt: new ones for each message, except in the
    RFC's example. Raises ValueError for a key that is no point of the curve, and for a text over MAX_TEXT.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"a text of {len(text)} bytes")
    if len(auth) != AUTH:
        raise ValueError("not an authentication secret")
    if not is_point(browser_key):
        raise ValueError("not a point of P-256")
    own = own or generate_private_key(SECP256R1())
    salt = os.urandom(SALT) if salt is None else salt
    own_key = point_of(own.public_key())
    shared = own.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), browser_key))
    secret = _derived(shared, auth, b"WebPush: info\0" + browser_key + own_key, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack("!LB", RECORD_SIZE, len(own_key)) + own_key
    return header + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def point_of(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def is_point(value: bytes) -> bool:
    """Whether it is a point of the curve, uncompressed as browsers send it."""
    if len(value) != PUBLIC_KEY:
        return False
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), value)
    except ValueError:
        return False
    return True


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
