"""Compute the scores of all customers, or of some again: each function is one intent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.reports import queries
from crm.reports.models import CustomerScore, ScoreRun
from crm.reports.scoring import Scoring, learn

WRITTEN_AT_ONCE = 2_000
"""Scores that one transaction writes: writers of SQLite wait meanwhile."""


class ScoreDifference(NamedTuple):
    customer_id: int
    figure: str
    kept: Any
    found: Any

    def __str__(self) -> str:
        return f"customer {self.customer_id}: {self.figure} {self.kept}; the invoices make {self.found}."

    def as_json(self) -> dict[str, Any]:
        return {name: value if isinstance(value, int | None) else str(value) for name, value in self._asdict().items()}


def rebuild(goes_on: Callable[[], bool] = lambda: True) -> int | None:
    """Compute the scores as of today, and return how many customers have one.

    `goes_on` is asked before each part is written; None where it said no, with the parts before it written.
    """
    started, period = database_now(), queries.period_now()
    buyings = list(queries.buyings(period))
    chosen = queries.settings_here()
    basis = {"left_out": queries.currencies_left_out(), "months": chosen.look_back_months, "margin": chosen.margin}
    found = learn(buyings, period) | basis
    scoring = Scoring(found, period)
    written, last = 0, 0
    for start in range(0, len(buyings), WRITTEN_AT_ONCE):
        part = buyings[start : start + WRITTEN_AT_ONCE]
        if not goes_on():
            return None
        with transaction():
            written += _replace(part[-1].customer_id, last, [scoring.row(each) for each in part])
            last = part[-1].customer_id
    with transaction() as session:
        session.execute(sa.delete(CustomerScore).where(CustomerScore.customer_id > last))
        run = queries.latest_run() or ScoreRun()
        run.as_of, run.computed_at, run.buyers, run.found = period.as_of, started, found["buyers"], found
        session.add(run)
    return written


def refresh(customer_ids: Collection[int]) -> None:
    """Score some customers again, within the transaction that changed whose invoices are whose.

    By the cut-offs and models of the last computation: those of others follow in the next one.
    """
    run = queries.latest_run()
    if run is None:
        return
    period = queries.period_of(run)
    scoring = Scoring(run.found, period)
    rows = [scoring.row(each) for each in queries.buyings(period, customer_ids)]
    db.session.execute(
        sa.delete(CustomerScore).where(one_of(CustomerScore.customer_id, customer_ids)),
        execution_options=queries.ALL_BRANCHES,
    )
    _insert(rows)


def differences() -> Iterable[ScoreDifference]:
    """Compare the scores with the invoices, but for customers with an invoice that changed since the computation."""
    run = queries.latest_run()
    if run is None:
        return
    period, changed = queries.period_of(run), queries.changed_since(run)
    scoring = Scoring(run.found, period)
    right = {each.customer_id: scoring.row(each) for each in queries.buyings(period)}
    kept = {row["customer_id"]: row for row in queries.kept_rows()}
    for id_ in sorted((right.keys() | kept.keys()) - changed):
        here, there = kept.get(id_), right.get(id_)
        if here is None or there is None:
            yield ScoreDifference(id_, "scores", int(here is not None), int(there is not None))
            continue
        yield from (ScoreDifference(id_, name, here[name], there[name]) for name in there if here[name] != there[name])


def _replace(until: int, after: int, rows: Sequence[dict[str, Any]]) -> int:
    """Write the scores of customers with ids after `after` until `until`: whoever has none now has none."""
    ids = [row["customer_id"] for row in rows]
    there = sa.select(Customer.id).where(one_of(Customer.id, ids), Customer.archived_at.is_(None))
    there = there.order_by(Customer.id).with_for_update(read=True, key_share=True)
    still = set(db.session.scalars(there))
    db.session.execute(
        sa.delete(CustomerScore).where(CustomerScore.customer_id > after, CustomerScore.customer_id <= until)
    )
    found = [row for row in rows if row["customer_id"] in still]
    _insert(found)
    return len(found)


def _insert(rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        values = {name: [row[name] for row in rows] for name in rows[0]}
        Bulk(db.session()).insert(CustomerScore, len(rows), {"organization_id": require_organization(), **values})
