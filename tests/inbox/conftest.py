"""A shop, and another one beside it."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.messages.shop import Shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop in Jakarta that sends SMS by console and WhatsApp by hand."""
    return Shop.open(app, "shop")


@pytest.fixture
def stranger(app: Flask) -> Shop:
    """Another organization."""
    return Shop.open(app, "stranger")
