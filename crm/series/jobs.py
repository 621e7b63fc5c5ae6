"""What the worker runs for messages that come again."""

from __future__ import annotations

from crm.kernel.work.organizations import each_organization
from crm.series.next_occurrence import make_batch
from crm.series.services import KIND


def make_due() -> bool:
    return each_organization(KIND, make_batch)
