"""Google's cards: an issuer's account, the signed link that saves a card, and what a change sends; pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from crm.wallets.card import Card

SAVE = "https://pay.google.com/gp/v/save/"
API = "https://walletobjects.googleapis.com"
TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105 -- an address
SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

LASTS = dt.timedelta(hours=1)
"""Of an assertion: Google takes no longer one."""

MAX_NAME = 20
"""Characters of a name that the card shows whole."""


@dataclass(frozen=True)
class Account:
    """An issuer of cards, by the file of its service account."""

    issuer: str
    email: str
    key: RSAPrivateKey = field(repr=False)
    key_id: str = ""


def read_account(issuer: str, data: bytes) -> Account:
    """Return what the JSON file of a service account holds; raises ValueError with a sentence."""
    if not re.fullmatch(r"\d{1,30}", issuer, re.ASCII):
        raise ValueError("GOOGLE_WALLET_ISSUER_ID has to be digits alone.")
    try:
        said = json.loads(data)
        email, key = said["client_email"], load_pem_private_key(said["private_key"].encode(), None)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError("GOOGLE_WALLET_SERVICE_ACCOUNT is not the JSON file of a service account.") from None
    if not isinstance(key, RSAPrivateKey) or not isinstance(email, str):
        raise ValueError("GOOGLE_WALLET_SERVICE_ACCOUNT has no RSA key.")
    return Account(issuer, email, key, str(said.get("private_key_id") or ""))


def save_link(card: Card, account: Account, program: str, logo: str, origin: str, now: dt.datetime) -> str:
    """Return the address that offers to save the card. `program` names the organization's class of cards."""
    claims = {
        "iss": account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(now.timestamp()),
        "origins": [origin],
        "payload": {
            "loyaltyClasses": [class_of(card, account, program, logo)],
            "loyaltyObjects": [object_of(card, account, program)],
        },
    }
    return SAVE + _signed(claims, account)


def class_of(card: Card, account: Account, program: str, logo: str) -> dict[str, Any]:
    name = card.organization[:MAX_NAME]
    return {
        "id": f"{account.issuer}.{program}",
        "issuerName": name,
        "programName": name,
        "programLogo": {"sourceUri": {"uri": logo}},
        "hexBackgroundColor": "#1e4078",
        "reviewStatus": "UNDER_REVIEW",
    }


def object_of(card: Card, account: Account, program: str) -> dict[str, Any]:
    return {"id": object_id(card, account), "classId": f"{account.issuer}.{program}", **changes_of(card)}


def object_id(card: Card, account: Account) -> str:
    return f"{account.issuer}.{card.serial}"


def changes_of(card: Card) -> dict[str, Any]:
    """Return what may change of a card, as a PATCH sends it."""
    return {
        "state": "INACTIVE" if card.is_voided else "ACTIVE",
        "loyaltyPoints": {"label": card.points_label, "balance": {"int": card.points}},
        "textModulesData": [{"id": line.key, "header": line.label, "body": line.value} for line in card.lines],
        **({"barcode": {"type": "QR_CODE", "value": card.code}} if card.code else {}),
        "validTimeInterval": {"end": {"date": card.until.strftime("%Y-%m-%dT%H:%M:%SZ")}},
    }


def assertion(account: Account, now: dt.datetime) -> str:
    """Return what Google exchanges for an access token."""
    return _signed(
        {
            "iss": account.email,
            "scope": SCOPE,
            "aud": TOKEN,
            "iat": int(now.timestamp()),
            "exp": int((now + LASTS).timestamp()),
        },
        account,
    )


def _signed(claims: dict[str, Any], account: Account) -> str:
    headers = {"kid": account.key_id} if account.key_id else None
    return jwt.encode(claims, account.key, "RS256", headers)
