"""What a model would have foretold some weeks ago, and what came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from crm.analytics.bgnbd import History, Model

WEEKS = 13
MOST_OFF = 0.35


class BackTest(NamedTuple):
    """Purchase days in `weeks`, of customers known before."""

    weeks: int
    foretold: float
    came: int

    @property
    def is_near(self) -> bool:
        """Whether the model may speak."""
        return abs(self.foretold - self.came) <= MOST_OFF * self.came


def back_test(model: Model, customers: Iterable[tuple[History, int]], weeks: int = WEEKS) -> BackTest:
    """Compare: each customer is the history until then, from which the model was fitted, and what came since."""
    foretold, came = 0.0, 0
    for history, number in customers:
        foretold += model.expected(history, weeks)
        came += number
    return BackTest(weeks, foretold, came)
