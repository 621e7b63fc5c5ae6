"""Secrets that an organization has entrusted to the product stay readable by every later release."""

from __future__ import annotations

import pytest
from flask import Flask

from crm.accounts import services
from crm.kernel import vault
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization

SEALED = (
    "gAAAAABrCz4ccfjrhLRWFnA8TkFPOxri0BIoOE9_5OFYLHJvS7uj8fsbmXf6WDayA8FLrL6aj-NS5p-UbD6N3pBEsV6mtw0MYiteKvj-"
    "FKpJhutfaA-9SqM="
)
"""The webhook_secret of organization 1, sealed by an earlier release under the tests' SECRET_KEY."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_secret_that_an_earlier_release_kept_is_read(app: Flask) -> None:
    with app.app_context():
        organization = services.create_organization("shop", name="Shop")
        assert organization.id == 1
        with use_organization(1), transaction():
            db.session.add(vault.StoredSecret(name="webhook_secret", sealed=SEALED))
        with use_organization(1):
            assert vault.reveal("webhook_secret") == "kept by an earlier release"
