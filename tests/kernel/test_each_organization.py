"""Turns of organizations: each with due work has one, whatever happens in the one before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.queue import stopping
from crm.kernel.work import due
from crm.kernel.work.organizations import each_organization
from tests.factories import Cast, Person

KIND = "test"


def plan(person: Person, *ids: int) -> None:
    with person.acting(), transaction():
        due.put_off(KIND, ids, database_now())


@pytest.fixture
def both(app: Flask, cast: Cast) -> Iterator[list[int]]:
    """Two organizations that have work due, and the worker's context."""
    plan(cast.owner, 1)
    plan(cast.stranger, 2)
    with app.app_context():
        yield [cast.owner.organization_id, cast.stranger.organization_id]


def test_each_organization_with_due_work_has_its_turn(both: list[int]) -> None:
    seen: list[int] = []
    assert each_organization(KIND, seen.append) is False, "no step said that there is more"
    assert seen == both
    assert each_organization(KIND, lambda id_: id_ == both[0]) is True
    assert each_organization("another", seen.append) is False
    assert seen == both


@pytest.mark.parametrize(
    "error", [ValueError("bad row"), OperationalError("UPDATE x", {}, Exception("deadlock detected"))]
)
def test_one_that_fails_does_not_stop_the_others(
    both: list[int], caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    seen: list[int] = []

    def step(organization_id: int) -> bool:
        seen.append(organization_id)
        if organization_id == both[0]:
            raise error
        return True

    assert each_organization(KIND, step) is True
    assert seen == both
    assert f"organization {both[0]}: {KIND}" in caplog.text


def test_a_database_that_is_away_is_said_to_be_away(both: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def step(organization_id: int) -> None:
        seen.append(organization_id)
        monkeypatch.setattr(db.engine.pool, "connect", away)
        db.session.remove()
        db.session.execute(sa.select(1))

    def away() -> None:
        raise OperationalError("", {}, Exception("connection refused"))

    with pytest.raises(OperationalError):
        each_organization(KIND, step)
    assert seen == both[:1]


def test_no_step_begins_after_the_worker_was_asked_to_stop(both: list[int]) -> None:
    seen: list[int] = []

    def step(organization_id: int) -> bool:
        seen.append(organization_id)
        stopping.set()
        return True

    try:
        assert each_organization(KIND, step) is False
    finally:
        stopping.clear()
    assert seen == both[:1]
