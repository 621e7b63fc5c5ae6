"""Clients of the JSON API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Cast, Person


@dataclass(frozen=True)
class Client:
    """Another system with the token of a person."""

    app: Flask
    headers: dict[str, str]

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request; `path` is what follows /api/."""
        headers = {**self.headers, **options.pop("headers", {})}
        return self.app.test_client().open(f"/api/{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        """Return what is there."""
        response = self.call("GET", path, **options)
        assert response.status_code == 200, response.text
        return response.json

    def post(self, path: str, **options: Any) -> TestResponse:
        """Post."""
        return self.call("POST", path, **options)

    def make(self, **fields: Any) -> Any:
        """Add a customer."""
        response = self.post("customers/", json={"name": "Jane Smith", **fields})
        assert response.status_code == 201, response.text
        return response.json


@pytest.fixture
def client_of(app: Flask) -> Callable[[Person], Client]:
    """A function that gives a person's client."""
    return lambda person: Client(app, person.token())


@pytest.fixture
def api(cast: Cast, client_of: Callable[[Person], Client]) -> Client:
    """The client of somebody of the staff."""
    return client_of(cast.staff)
