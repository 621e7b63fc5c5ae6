"""Hash and verify passwords."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 iterations, 1 lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
NOBODY = _hasher.hash(secrets.token_hex(16))
"""Verified for an unknown user, so that the answer takes as long as for a known one."""


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
