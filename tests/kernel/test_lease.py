"""Leases: one worker alone holds what is due, and loses it when the lease ends or the work is planned anew."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from crm.kernel.db import database_now, transaction
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from tests.factories import Cast, Person

KIND = "test"
HOUR = dt.timedelta(hours=1)
OVER = -dt.timedelta(seconds=1)
"""The length of a lease that is over when it begins, as that of a worker that died long ago."""


@pytest.fixture
def owner(cast: Cast) -> Person:
    """Somebody in whose organization the subjects 1 to 12 are due, the lowest for the longest time."""
    with cast.owner.acting(), transaction():
        now = database_now()
        due.plan(KIND, {id_: now - dt.timedelta(seconds=60 - id_) for id_ in range(1, 13)})
    return cast.owner


def plan_anew(*ids: int) -> None:
    with transaction():
        due.put_off(KIND, ids, database_now())


def held(lease: Lease) -> list[int]:
    with transaction():
        return lease.lock_held()


def test_two_workers_never_hold_the_same(owner: Person) -> None:
    taken: list[list[int]] = []

    def work() -> None:
        with owner.acting():
            while ids := Lease.take(KIND, HOUR, 2).ids:
                taken.append(ids)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(id_ for ids in taken for id_ in ids) == list(range(1, 13))


def test_the_oldest_are_taken_of_ones_own_organization_alone(cast: Cast, owner: Person) -> None:
    with cast.stranger.acting():
        assert Lease.take(KIND, HOUR, 12).ids == []
    with owner.acting():
        assert Lease.take("another", HOUR, 12).ids == []
        assert Lease.take(KIND, HOUR, 12, among=[7, 99]).ids == [7]
        assert Lease.take(KIND, HOUR, 12, among=[]).ids == []
        assert Lease.take(KIND, HOUR, 2).ids == [1, 2]
        assert Lease.take(KIND, HOUR, 12, among=[2, 7]).ids == []


def test_what_a_dead_worker_held_is_taken_by_the_next_and_lost_to_itself(owner: Person) -> None:
    with owner.acting():
        dead = Lease.take(KIND, OVER, 2)
        assert held(dead) == [1, 2], "nobody else has it yet"
        alive = Lease.take(KIND, HOUR, 12, among=[1])
        assert (held(dead), held(alive)) == ([2], [1])
        assert dead.renew(HOUR)
        assert (dead.ids, held(alive)) == ([2], [1])
        Lease(KIND, [1], dead.until).end()
        assert held(alive) == [1], "only the holder ends it"


@pytest.mark.parametrize("length", [OVER, HOUR])
def test_what_is_planned_anew_is_held_no_more(owner: Person, length: dt.timedelta) -> None:
    with owner.acting():
        lease = Lease.take(KIND, length)
        plan_anew(1)
        assert held(lease) == []
        again = Lease.take(KIND, length, among=[1])
        lease.end()
        lease.give_back()
        assert not lease.renew(HOUR)
        assert (again.ids, held(again)) == ([1], [1])
        assert again.token != lease.token


def test_a_renewed_lease_keeps_others_away_for_longer(owner: Person) -> None:
    with owner.acting():
        lease = Lease.take(KIND, OVER)
        before = lease.until
        assert lease.renew(HOUR)
        assert lease.until > before
        assert held(lease) == [1]
        assert Lease.take(KIND, HOUR, among=[1]).ids == []


def test_what_is_done_is_off_the_list_and_what_is_given_back_is_due_again(owner: Person) -> None:
    with owner.acting():
        Lease.take(KIND, HOUR, 2).end()
        Lease.take(KIND, HOUR, 2).give_back()
        Lease.take(KIND, HOUR, 12, among=[3, 5]).give_back(HOUR)
        assert sorted(Lease.take(KIND, HOUR, 12).ids) == [4, *range(6, 13)]


def test_what_is_taken_off_the_list_meanwhile_stays_off(owner: Person) -> None:
    with owner.acting():
        lease = Lease.take(KIND, HOUR)
        with transaction():
            due.settle(KIND, [1])
        assert not lease.renew(HOUR)
        lease.give_back()
        assert held(lease) == []
        assert Lease.take(KIND, HOUR, among=[1]).ids == []
