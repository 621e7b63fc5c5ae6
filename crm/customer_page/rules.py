"""Links, sessions, cards and codes: what they may do and for how long."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import hashlib
import hmac
import secrets

from crm.values.language import N_

TOKEN_BYTES = 32
"""256 random bits."""

CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without what looks alike, for a card's code may have to be typed."""

CODE_LENGTH = 16


class Scope(enum.StrEnum):
    """What a link opens."""

    CARD = "card"
    PAGE = "page"
    DOWNLOAD = "download"

    @property
    def label(self) -> str:
        return str(_LABELS[self])


_LABELS = {Scope.CARD: N_("Card"), Scope.PAGE: N_("Page"), Scope.DOWNLOAD: N_("Copy of their data")}

MADE_BY_STAFF = (Scope.CARD, Scope.PAGE)

LASTS: dict[Scope, dt.timedelta | None] = {
    Scope.CARD: None,
    Scope.PAGE: dt.timedelta(days=30),
    Scope.DOWNLOAD: dt.timedelta(hours=24),
}
"""For how long a link opens it; None until it is revoked."""

SESSION_LASTS = {Scope.CARD: dt.timedelta(days=365), Scope.PAGE: dt.timedelta(days=7)}
"""For how long a browser stays in, at most as long as its link opens."""


def token_of(organization_id: int, random: bytes) -> str:
    """Return a token that names its organization: row-level security needs it before the row is read."""
    return f"{organization_id}-{base64.urlsafe_b64encode(random).decode().rstrip('=')}"


def new_token(organization_id: int) -> str:
    return token_of(organization_id, secrets.token_bytes(TOKEN_BYTES))


def token_by_key(organization_id: int, secret: str, material: str) -> str:
    """Return the token of a form's key, so that sending it twice gives one link."""
    return token_of(organization_id, hmac.new(secret.encode(), material.encode(), hashlib.sha256).digest())


def new_card_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
