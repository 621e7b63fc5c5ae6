"""Totals of a restored organization: triggers have counted its customers, and this counts them again."""

from __future__ import annotations

from collections.abc import Iterator

from crm.kernel.data import Arrival
from crm.reports.recompute_totals import rebuild


def restored(arrival: Arrival) -> Iterator[str]:
    if rebuild():
        yield "The totals of customers were counted anew."
