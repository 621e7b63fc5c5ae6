"""Tokens of the JSON API: a short access token, and a refresh token that is valid once.

Both are signed, each kind with its own key derived from SECRET_KEY; SECRET_KEY_FALLBACKS are tried next. They name a
family (`TokenFamily`) of one organization; deleting it ends them at the next request. Each refresh replaces the refresh
token; a former one that is used again was stolen, or its successor was: the family ends.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import secrets
from typing import Any, NamedTuple

import jwt
import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from crm.accounts.models import Membership, TokenFamily
from crm.accounts.rules import token_hash
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.errors import SentenceError
from crm.values import clock

ACCESS_LASTS = dt.timedelta(minutes=15)
FAMILY_LASTS = dt.timedelta(days=30)
ALGORITHM = "HS256"

log = logging.getLogger(__name__)


class TokenError(SentenceError):
    pass


class TokenPair(NamedTuple):
    access: str
    refresh: str


def issue(user_id: int, organization_id: int) -> TokenPair:
    once = secrets.token_urlsafe(24)
    now = clock.utcnow()
    with transaction() as session:
        session.execute(sa.delete(TokenFamily).where(TokenFamily.expires_at <= db_now()))
        family = TokenFamily(
            user_id=user_id,
            organization_id=organization_id,
            refresh_hash=token_hash(once),
            expires_at=now + FAMILY_LASTS,
        )
        session.add(family)
        session.flush()
        pair = _token_pair(family.id, user_id, once, family.expires_at)
    log.info("tokens given: user %s", user_id)
    return pair


def refresh(token: str) -> TokenPair:
    """Exchange the valid refresh token for the next pair; raises TokenError for any other."""
    claims = _read(token, "refresh")
    once = secrets.token_urlsafe(24)
    with transaction() as session:
        exchanged = session.execute(
            sa.update(TokenFamily)
            .where(
                TokenFamily.id == claims["family"],
                TokenFamily.refresh_hash == token_hash(claims["jti"]),
                TokenFamily.expires_at > db_now(),
                sa.exists().where(
                    Membership.user_id == TokenFamily.user_id,
                    Membership.organization_id == TokenFamily.organization_id,
                    Membership.disabled_at.is_(None),
                ),
            )
            .values(refresh_hash=token_hash(once), refreshed_at=db_now())
            .returning(TokenFamily.user_id, TokenFamily.expires_at)
        ).first()
        if exchanged is None:
            session.execute(sa.delete(TokenFamily).where(TokenFamily.id == claims["family"]))
    if exchanged is None:
        log.warning("an old refresh token was used: family %s of user %s has ended", claims["family"], claims["sub"])
        raise TokenError("This refresh token has ended. Sign in again at /api/token/.")
    return _token_pair(claims["family"], exchanged.user_id, once, exchanged.expires_at)


def family_of(access: str) -> int:
    """Return the family id in an access token, even of a family that has ended; raises TokenError."""
    family: int = _read(access, "access")["family"]
    return family


def _token_pair(family_id: int, user_id: int, once: str, ends: dt.datetime) -> TokenPair:
    now = clock.utcnow()
    claims = {"sub": str(user_id), "family": family_id, "iat": now}
    return TokenPair(
        _sign("access", {**claims, "exp": min(now + ACCESS_LASTS, ends)}),
        _sign("refresh", {**claims, "exp": ends, "jti": once}),
    )


def _sign(kind: str, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _keys(kind)[0], ALGORITHM)


def _read(token: str, kind: str) -> dict[str, Any]:
    needed = {"require": ["exp", "sub", "family", *(["jti"] if kind == "refresh" else [])]}
    for key in _keys(kind):
        try:
            claims: dict[str, Any] = jwt.decode(token, key, [ALGORITHM], options=needed)  # type: ignore[arg-type]  # a TypedDict of jwt's own
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise TokenError(f"This {kind} token has expired. {_ADVICE[kind]}") from None
        except (jwt.InvalidTokenError, ValueError):
            break
        if isinstance(claims["family"], int) and 0 < claims["family"] < 2**63:
            return claims
    raise TokenError(f"This is no {kind} token. {_ADVICE[kind]}")


_ADVICE = {
    "access": "Get a new one from /api/token/refresh/ or /api/token/.",
    "refresh": "Sign in again at /api/token/.",
}


def _keys(kind: str) -> list[bytes]:
    materials = (current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"])
    return [_derived(material, kind) for material in materials]


@functools.lru_cache(maxsize=64)
def _derived(material: str, kind: str) -> bytes:
    return HKDF(SHA256(), 32, b"crm.accounts.tokens", f"{kind} token".encode()).derive(material.encode())
