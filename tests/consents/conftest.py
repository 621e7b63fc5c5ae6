"""A shop that sends by console, and its customers."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.messages.shop import Shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop that sends SMS, WhatsApp and mail by console."""
    shop = Shop.open(app, "shop")
    shop.set(whatsapp_gateway="console", email_gateway="console", email_from="hello@shop.example")
    return shop


@pytest.fixture
def owner(shop: Shop) -> FlaskClient:
    return shop.browser()


class Api:
    """The API as an owner's program calls it."""

    def __init__(self, shop: Shop) -> None:
        self.client, self.headers = shop.app.test_client(), shop.boss.token()

    def post(self, path: str, **json: Any) -> Any:
        return self.client.post(f"/api/{path}", json=json, headers=self.headers)

    def patch(self, path: str, **json: Any) -> Any:
        return self.client.patch(f"/api/{path}", json=json, headers=self.headers)

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/{path}", headers=self.headers).json


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api(shop)
