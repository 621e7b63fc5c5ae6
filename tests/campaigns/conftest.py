"""What the tests of campaigns share."""

from __future__ import annotations

import pytest

from tests.campaigns.shop import Shop
from tests.factories import Cast


@pytest.fixture
def shop(cast: Cast) -> Shop:
    return Shop(cast)
