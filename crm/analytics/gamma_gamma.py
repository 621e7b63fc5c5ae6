"""Gamma-Gamma: how much customers spend on a purchase day. Fader, Hardie and Lee, J. of Marketing Research 42 (2005).

Fitted to those who bought again; independent of how often they do, which `statistics.correlation` has to confirm.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence
from typing import NamedTuple

from crm.analytics.bgnbd import LARGEST, MOST_FITTED, SMALLEST
from crm.analytics.nelder_mead import Point, minimize


class Spending(NamedTuple):
    """x: purchase days after the first one. mean: what was spent on each of them on average, in any unit."""

    x: int
    mean: float


class Model(NamedTuple):
    """`v` is in the unit of the amounts."""

    p: float
    q: float
    v: float

    @property
    def is_sound(self) -> bool:
        """Whether the mean of all customers exists."""
        return self.q > 1

    def expected(self, of: Spending) -> float:
        """Return the spend to be expected on a purchase day (equation 5); of a one-time buyer it is everybody's."""
        return self.p * (self.v + of.x * of.mean) / (self.p * of.x + self.q - 1)

    def log_likelihood(self, spendings: Sequence[Spending]) -> float:
        p, q, v = self
        log, lgamma = math.log, math.lgamma
        fixed = q * log(v) - lgamma(q)
        total = 0.0
        for x, mean in spendings:
            px = p * x
            total += lgamma(px + q) - lgamma(px) + fixed + (px - 1) * log(mean) + px * log(x)
            total -= (px + q) * log(x * mean + v)
        return total


def fit(spendings: Collection[Spending]) -> Model:
    """Return the model under which the spendings of repeat buyers are likeliest; others are left out."""
    some = [each for each in spendings if each.x and each.mean > 0]
    if len(some) > MOST_FITTED:
        some = random.Random(0).sample(some, MOST_FITTED)  # noqa: S311 -- a sample, no secret
    unit = sum(each.mean for each in some) / len(some)
    scaled = [Spending(each.x, each.mean / unit) for each in some]

    def badness(point: Point) -> float:
        if any(not math.log(SMALLEST) < value < math.log(LARGEST) for value in point):
            return math.inf
        return -Model(*map(math.exp, point)).log_likelihood(scaled) / len(scaled)

    p, q, v = map(math.exp, minimize(badness, [0.0] * 3))
    return Model(p, q, v * unit)
