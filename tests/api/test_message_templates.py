"""Message templates by the JSON API."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm.message_templates.services import add_template, delete_template
from tests.api.conftest import Client
from tests.factories import Cast, Person

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_templates_are_listed_with_their_language(
    api: Client, cast: Cast, client_of: Callable[[Person], Client]
) -> None:
    with cast.owner.acting():
        for language in ("ur", "", "id"):
            add_template({"name": "Cake", "channel": "sms", "body": f"Hi {{name}} {language}", "language": language})
        delete_template(add_template({"name": "Old", "channel": "sms", "body": "Hi"}))
    found = client_of(cast.viewer).get("message-templates/")
    assert found["count"] == 3
    assert [(row["name"], row["language"]) for row in found["results"]] == [
        ("Cake", ""),
        ("Cake", "id"),
        ("Cake", "ur"),
    ]
    assert client_of(cast.stranger).get("message-templates/")["count"] == 0
