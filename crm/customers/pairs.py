"""Pairs of customers who may be one person, entered for somebody to look at."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from crm.customers.keys import Decision, Duplicate
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.people.matching import Pair


def enter(doubts: Mapping[tuple[int, int], tuple[Pair, str]]) -> set[tuple[int, int]]:
    """Enter the pairs that nobody has been asked about; return those that somebody has called two people."""
    if not doubts:
        return set()
    known = sa.select(Duplicate.first_id, Duplicate.second_id, Duplicate.decision)
    known = known.where(one_of(Duplicate.second_id, {second for _, second in doubts}))
    entered = {
        (first, second): decision
        for first, second, decision in db.session.execute(known, execution_options={"all_branches": True})
    }
    entries = [
        {"first_id": ids[0], "second_id": ids[1], "shared": pair.shared.value, "doubt": pair.doubt.value}
        | {"value": value, "decision": Decision.OPEN.value}
        for ids, (pair, value) in doubts.items()
        if ids not in entered
    ]
    insert_many(Duplicate, entries)
    return {ids for ids in doubts if entered.get(ids) == Decision.SEPARATE}
