"""What is kept for a while goes, and only that."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import Flask

from crm.api.models import GivenAnswer
from crm.kernel.columns import db_ago
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.idempotency import UsedKey
from crm.programs import housekeeping
from tests.factories import Cast


def test_old_keys_answers_and_calls_go_and_newer_ones_stay(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    for person in (cast.owner, cast.stranger):
        for key in ("old-1", "old-2", "new-1"):
            headers = {**person.token(), "Idempotency-Key": key}
            assert client.post("/api/customers/", json={"name": "Sari"}, headers=headers).status_code == 201
            person.client().post("/customers/new", data={"name": "Budi", "idempotency_key": key})
        with person.acting(), transaction() as session:
            for model in (UsedKey, GivenAnswer):
                old = sa.update(model).where(model.key.like("%old%"))
                session.execute(old.values(created_at=db_ago(dt.timedelta(days=61))))

    with app.app_context():
        housekeeping.clear()

    for person in (cast.owner, cast.stranger):
        with person.acting():
            for model in (UsedKey, GivenAnswer):
                keys = db.session.scalars(sa.select(model.key)).all()
                assert len(keys) == 1, (model, keys)
                assert "new-1" in keys[0]
