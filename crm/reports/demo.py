"""Scores of a demo shop."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.kernel.db import transaction
from crm.reports import services
from crm.reports.models import CustomerScore, ScoreRun


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    """Compute the scores at once, so that nobody has to wait for the night."""
    services.rebuild()


def clear() -> None:
    """Forget the scores: the worker computes those of the customers who stay."""
    with transaction() as session:
        session.execute(sa.delete(CustomerScore))
        session.execute(sa.delete(ScoreRun))
