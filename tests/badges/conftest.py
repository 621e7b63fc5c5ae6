"""A customer, and clients of the API made before the clock stops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.conftest import Client, client_of
from tests.factories import Cast, Person, make_customer
from tests.visits.test_visits import Clock, watch

__all__ = ["client_of", "watch"]


@pytest.fixture
def api(cast: Cast, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.manager)


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.staff.acting():
        return make_customer(name="Ibu Sari")


@pytest.fixture
def staff_api(cast: Cast, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.staff)


@pytest.fixture
def stranger_api(cast: Cast, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.stranger)


@pytest.fixture(autouse=True)
def now(watch: Clock, request: pytest.FixtureRequest) -> Clock:
    """Stop the clock, once there are tokens, which are of the real time."""
    for name in ("api", "staff_api", "stranger_api"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    watch.at("2026-11-29T05:00:00")
    return watch
