"""The certificates of the installation, read once: which wallets there are, and what is wrong with them."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from flask import current_app

from crm.values import clock
from crm.wallets import apple, google


class Wallets(NamedTuple):
    """What there is, with sentences about what is wrong; without settings neither."""

    apple: apple.Certificates | None
    google: google.Account | None
    problems: tuple[str, ...] = ()


def wallets() -> Wallets:
    """Return the wallets whose cards phones accept now."""
    config = current_app.config
    own, google_account, problems = _read(
        config["APPLE_PASS_CERTIFICATE"],
        config["APPLE_PASS_KEY"],
        config["APPLE_PASS_KEY_PASSWORD"],
        config["APPLE_WWDR_CERTIFICATE"],
        config["GOOGLE_WALLET_ISSUER_ID"],
        config["GOOGLE_WALLET_SERVICE_ACCOUNT"],
    )
    ended = own.problem(clock.utcnow()) if own else ""
    return Wallets(None, google_account, (*problems, ended)) if ended else Wallets(own, google_account, problems)


def own_part(customer: Any) -> dict[str, Any] | None:
    """Return which buttons the customer's own page has; None where there are none."""
    found = wallets()
    return {"apple": found.apple, "google": found.google} if found.apple or found.google else None


@functools.lru_cache(maxsize=8)
def _read(certificate: bytes, key: bytes, password: str, wwdr: bytes, issuer: str, account: bytes) -> Wallets:
    own, google_account, problems = None, None, []
    try:
        own = _certificates(certificate, key, password, wwdr)
    except ValueError as error:
        problems.append(str(error))
    try:
        google_account = _account(issuer, account)
    except ValueError as error:
        problems.append(str(error))
    return Wallets(own, google_account, tuple(problems))


def _certificates(certificate: bytes, key: bytes, password: str, wwdr: bytes) -> apple.Certificates | None:
    if not (certificate or key or wwdr):
        return None
    for value, name in ((certificate, "APPLE_PASS_CERTIFICATE"), (wwdr, "APPLE_WWDR_CERTIFICATE")):
        if not value:
            raise ValueError(f"{name} is missing. Without it there are no cards for Apple Wallet.")
    return apple.read_certificates(certificate, key, password, wwdr)


def _account(issuer: str, account: bytes) -> google.Account | None:
    if not (issuer or account):
        return None
    if not account:
        raise ValueError("GOOGLE_WALLET_SERVICE_ACCOUNT is missing. Without it there are no cards for Google Wallet.")
    if not issuer:
        raise ValueError("GOOGLE_WALLET_ISSUER_ID is missing. Without it there are no cards for Google Wallet.")
    return google.read_account(issuer, account)
