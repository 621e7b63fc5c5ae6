"""A shop with its people and customers, and the worker's work done in this process."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.web import signed
from tests.messages.provider import Provider
from tests.messages.shop import Shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop in Jakarta that sends SMS by console and WhatsApp by hand; its owner is `owner`."""
    return Shop.open(app, "shop")


@pytest.fixture
def stranger(app: Flask) -> Shop:
    """Another organization."""
    return Shop.open(app, "stranger")


@pytest.fixture
def owner(shop: Shop) -> FlaskClient:
    """The owner's browser, without JavaScript."""
    return shop.browser()


@pytest.fixture
def provider(app: Flask) -> Provider:
    """Twilio and Meta, with the installation's secrets."""
    signed._seen.clear()
    return Provider(app)
