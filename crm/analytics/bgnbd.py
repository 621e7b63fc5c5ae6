"""BG/NBD: how often customers buy again. Fader, Hardie and Lee, Marketing Science 24 (2005), 275-284.

While a customer is active they buy at a rate of their own (Gamma: `r`, `alpha`), and after each purchase they leave
with a chance of their own (Beta: `a`, `b`). All times are in weeks.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from crm.analytics.nelder_mead import Point, minimize

MOST_FITTED = 5_000
"""Customers that a fit reads at most; more are sampled, the same ones each time."""

MOST_R, MOST_A_B = 50, 10_000
SMALLEST, LARGEST = 1e-6, 1e7
MOST_GROWTH = 700
"""An exponent that a float still holds."""

SMALLEST_TERM = 1e-14
MOST_TERMS = 20_000


class History(NamedTuple):
    """x: purchases after the first one. t_x: when the last one was, t: until when it is known, in weeks after it."""

    x: int
    t_x: float
    t: float


class Model(NamedTuple):
    r: float
    alpha: float
    a: float
    b: float

    @property
    def is_sound(self) -> bool:
        """Whether the fit came to rest inside of bounds: parameters that run away say that the data has no answer."""
        return self.r < MOST_R and max(self.a, self.b) < MOST_A_B

    def is_active(self, of: History) -> float:
        """Return the chance that a customer is still active; 1 for one purchase, so it is no measure of leaving."""
        return 1 / (1 + self._left(of))

    def comes_back(self, of: History, weeks: float) -> float:
        """Return the chance of a purchase within the next weeks: exact, without a hypergeometric function."""
        base = self.alpha + of.t
        return self.is_active(of) * (1 - math.exp((self.r + of.x) * math.log(base / (base + weeks))))

    def expected(self, of: History, weeks: float) -> float:
        """Return how many purchases are to be expected in the next weeks (equation 10)."""
        return self._expected(of.x, self.alpha + of.t, weeks) / (1 + self._left(of))

    def expected_of_new(self, weeks: float) -> float:
        """Return how many purchases after the first one are to be expected of a new customer (equation 9)."""
        return self._expected(0, self.alpha, weeks)

    def log_likelihood(self, histories: Mapping[History, int]) -> float:
        """Return it for histories with how many customers have each (equation 6)."""
        r, alpha, a, b = self
        log, exp, lgamma = math.log, math.exp, math.lgamma
        same: dict[int, tuple[float, float]] = {}
        total = 0.0
        for (x, t_x, t), number in histories.items():
            if (known := same.get(x)) is None:
                fixed = lgamma(r + x) - lgamma(r) + r * log(alpha) + lgamma(b + x) - lgamma(a + b + x)
                known = same[x] = fixed + lgamma(a + b) - lgamma(b), log(a / (b + x - 1)) if x else 0.0
            active = -(r + x) * log(alpha + t)
            if x:
                left = known[1] - (r + x) * log(alpha + t_x)
                larger = max(active, left)
                active = larger + log(exp(active - larger) + exp(left - larger))
            total += number * (known[0] + active)
        return total

    def _left(self, of: History) -> float:
        """Return how likely it is that a customer left, as a multiple of that they are active."""
        if not of.x:
            return 0.0
        growth = (self.r + of.x) * math.log((self.alpha + of.t) / (self.alpha + of.t_x))
        return self.a / (self.b + of.x - 1) * math.exp(min(growth, MOST_GROWTH))

    def _expected(self, x: int, base: float, weeks: float) -> float:
        """Return the purchases to be expected after `base` of one who is active.

        Euler's transformation has the same value, and the series with the smaller exponent needs fewer terms.
        """
        r, _, a, b = self
        # The limit there exists, but the formula divides by 0.
        a += 2 * SMALLEST * (abs(a - 1) < SMALLEST)
        b += 2 * SMALLEST * (abs(a + b + x - 1) < SMALLEST)
        c, stays = a + b + x - 1, math.log(base / (base + weeks))
        z = weeks / (base + weeks)
        if a - 1 < r + x:
            remains = _hypergeometric(c - r - x, a - 1, c, z, (a - 1) * stays)
        else:
            remains = _hypergeometric(r + x, b + x, c, z, (r + x) * stays)
        return c / (a - 1) * (1 - remains)


def fit(histories: Collection[History]) -> Model:
    """Return the model under which the histories are likeliest."""
    some = list(histories)
    if len(some) > MOST_FITTED:
        some = random.Random(0).sample(some, MOST_FITTED)  # noqa: S311 -- a sample, no secret
    counted = Counter(some)
    mean = sum(history.t for history in some) / len(some) or 1.0
    scaled = {History(h.x, h.t_x / mean, h.t / mean): number for h, number in counted.items()}

    def badness(point: Point) -> float:
        if any(not math.log(SMALLEST) < value < math.log(LARGEST) for value in point):
            return math.inf
        return -Model(*map(math.exp, point)).log_likelihood(scaled) / len(some)

    r, alpha, a, b = map(math.exp, minimize(badness, [0.0] * 4))
    return Model(r, alpha * mean, a, b)


def _hypergeometric(a: float, b: float, c: float, z: float, exponent: float) -> float:
    """Return exp(exponent) * 2F1(a, b; c; z) for 0 <= z < 1 by its series, for parts that no float holds, too."""
    total = term = 1.0
    for n in range(MOST_TERMS):
        term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z
        total += term
        if abs(total) > LARGEST:
            total, term, exponent = total / LARGEST, term / LARGEST, exponent + math.log(LARGEST)
        if abs(term) < SMALLEST_TERM * abs(total):
            break
    return total * math.exp(min(exponent, MOST_GROWTH))
