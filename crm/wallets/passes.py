"""Passes of customers, as files."""

from __future__ import annotations

from flask import current_app

from crm.customers.models import Customer
from crm.kernel.tenancy import require_organization
from crm.wallets import apple
from crm.wallets.apple import Certificates
from crm.wallets.identity import token_of
from crm.wallets.queries import card_of


def pass_of(customer: Customer | None, serial: str, certificates: Certificates, token: str = "") -> bytes:
    """Return the .pkpass of a serial, with the token that a phone has of it, else the one of now."""
    config = current_app.config
    web_service = f"{config['PUBLIC_URL']}/wallets/apple/{require_organization()}"
    token = token or token_of(serial, config["SECRET_KEY"])
    return apple.make_pass(card_of(customer, serial), certificates, web_service, token)
