"""Named places at which a process dies as by kill -9, for the tests that kill it once at each; inert in production.

CRM_FAIL_POINT names one. A commit has two: "claim uncommitted" just before it, "claim committed" just after it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from crm.kernel.db import transaction


@contextmanager
def committing(name: str) -> Iterator[Session]:
    """Open a transaction whose commit has two fail points."""
    with transaction() as session:
        yield session
        reach(f"{name} uncommitted")
    reach(f"{name} committed")


def reach(point: str) -> None:
    """Die here when this is the point that is named."""
    if point == _NAMED:
        os.kill(os.getpid(), signal.SIGKILL)


_NAMED = os.environ.get("CRM_FAIL_POINT")
