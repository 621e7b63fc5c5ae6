"""Links that save a card, as Google reads them."""

from __future__ import annotations

import dataclasses
import json

import jwt
import pytest

from crm.wallets import google
from tests.wallets import authority
from tests.wallets.authority import NOW, service_account
from tests.wallets.test_apple import CARD

ISSUER = "3388000000012345678"
LOGO, ORIGIN = "https://crm.example.org/static/icons/icon-512.png", "https://crm.example.org"


def account() -> google.Account:
    return google.read_account(ISSUER, service_account()[1])


def read(token: str, audience: str) -> dict[str, object]:
    public = authority.public_pem(service_account()[0])
    options = {"verify_iat": False, "verify_exp": False}
    claims: dict[str, object] = jwt.decode(token, public, ["RS256"], audience=audience, options=options)
    assert jwt.get_unverified_header(token)["kid"] == "0123456789abcdef"
    return claims


def test_a_link_says_all_of_the_card_and_is_signed() -> None:
    link = google.save_link(CARD, account(), "shop-1", LOGO, ORIGIN, NOW)

    assert link.startswith("https://pay.google.com/gp/v/save/")
    claims = read(link.removeprefix("https://pay.google.com/gp/v/save/"), "google")
    assert (claims["iss"], claims["typ"]) == ("cards@shop.iam.gserviceaccount.example", "savetowallet")
    assert (claims["iat"], claims["origins"]) == (NOW.timestamp(), [ORIGIN])
    payload = claims["payload"]
    assert isinstance(payload, dict)
    (card,), (program,) = payload["loyaltyObjects"], payload["loyaltyClasses"]
    assert card["id"] == f"{ISSUER}.{CARD.serial}"
    assert card["classId"] == program["id"] == f"{ISSUER}.shop-1"
    assert card["loyaltyPoints"] == {"label": "Points", "balance": {"int": 1_240}}
    assert card["barcode"] == {"type": "QR_CODE", "value": CARD.code}
    assert card["state"] == "ACTIVE"
    assert card["textModulesData"][0] == {"id": "tier", "header": "Tier", "body": "Gold"}
    assert program["programLogo"]["sourceUri"]["uri"] == LOGO


def test_a_link_is_short_enough_for_every_browser() -> None:
    link = google.save_link(dataclasses.replace(CARD, lines=CARD.lines[:3]), account(), "shop-1", LOGO, ORIGIN, NOW)
    assert len(link.removeprefix(google.SAVE)) <= 1_800


def test_a_change_says_only_what_may_change() -> None:
    changes = google.changes_of(dataclasses.replace(CARD, points=7, is_voided=True))
    assert (changes["state"], changes["loyaltyPoints"]["balance"]) == ("INACTIVE", {"int": 7})
    assert not {"id", "classId"} & changes.keys()


def test_an_assertion_is_for_the_wallet_alone_and_short() -> None:
    claims = read(google.assertion(account(), NOW), "https://oauth2.googleapis.com/token")
    assert claims["scope"] == "https://www.googleapis.com/auth/wallet_object.issuer"
    assert claims["exp"] == NOW.timestamp() + 3600


@pytest.mark.parametrize("issuer", ["", "12a", "1 2", "٣٣"])
def test_an_issuer_is_digits(issuer: str) -> None:
    with pytest.raises(ValueError, match="GOOGLE_WALLET_ISSUER_ID"):
        google.read_account(issuer, service_account()[1])


def test_what_is_no_service_account_is_refused() -> None:
    said = json.loads(service_account()[1])
    ec = authority.pass_type(is_ec=True).key_pem.decode()
    for wrong in (
        b"",
        b"[]",
        b"{}",
        b"\xff",
        *(
            json.dumps({**said, **change}).encode()
            for change in ({"private_key": "none"}, {"private_key": 7}, {"client_email": 7}, {"private_key": ec})
        ),
    ):
        with pytest.raises(ValueError, match="GOOGLE_WALLET_SERVICE_ACCOUNT"):
            google.read_account(ISSUER, wrong)
    assert "PRIVATE" not in repr(account())
