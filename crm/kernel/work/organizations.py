"""Work for each organization: a failure of one does not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from crm.kernel.extensions import db
from crm.kernel.queue import stopping
from crm.kernel.work import due

log = logging.getLogger(__name__)


def each_organization(kind: str, step: Callable[[int], object], pause: float = 0) -> bool:
    """Call `step` with the id of every organization that has due work of a kind, longest waiting first.

    Returns True when a step returned something true, so that there may be more to do. `pause` is in seconds, after
    each step. Raises OperationalError when the database is away; any other failure is logged, and due again later.
    """
    return do_each(due.organizations_with_due(kind), step, kind, pause)


def do_each(organization_ids: Iterable[int], step: Callable[[int], object], what: str, pause: float = 0) -> bool:
    """Do so for given organizations; `what` names the work in the log.

    At shutdown no step begins, and the answer is False.
    """
    more = False
    for organization_id in organization_ids:
        if stopping.is_set():
            return False
        try:
            more |= bool(step(organization_id))
        except OperationalError as error:
            _ask_database()
            log.warning("organization %d: %s waits for the next turn: %s", organization_id, what, error.orig)
        except Exception:
            log.exception("organization %d: %s failed, the next turn tries again", organization_id, what)
        if pause:
            stopping.wait(pause)
    return more


def _ask_database() -> None:
    """Raise OperationalError if the database is away."""
    db.session.remove()
    db.session.execute(sa.select(1))
    db.session.remove()
