"""Comparing who was written to with who was held out: assignment, differences with intervals, and what can be seen.

Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of eleven methods,
Statistics in Medicine 17, 873-890: method 10, the hybrid of two Wilson intervals. Sample sizes: Fleiss, Levin and Paik
(2003), Statistical Methods for Rates and Proportions, 3rd edition, section 4.2, without continuity correction.
Averages: the Poisson bootstrap of Chamandy, Muralidharan, Najmi and Naidu (2012), Estimating uncertainty for massive
data streams.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import random
from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from statistics import NormalDist, quantiles
from typing import NamedTuple

CONFIDENCE = 0.95
POWER = 0.80
_SHARES = 10_000
_SEED, _DRAWS = 20_120_901, 400_000
_TIMES = range(9)
_TO = list(accumulate(math.exp(-1) / math.factorial(times) for times in _TIMES))
"""How often a draw takes one of them, and the chance of at most so often: Poisson with mean 1."""


class Difference(NamedTuple):
    """A difference with its interval: `low` and `high` are its ends."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def is_held_out(secret: str, customer_id: int, percent: int) -> bool:
    """Whether a customer is among the `percent` who are not written to: always the same for the same secret."""
    digest = hmac.new(secret.encode(), str(customer_id).encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) % _SHARES < percent * _SHARES // 100


def wilson(hits: int, among: int) -> tuple[float, float]:
    """Return the interval of a share."""
    z = _quantile(CONFIDENCE)
    share, square = hits / among, z * z / among
    middle, half = share + square / 2, z * math.sqrt(share * (1 - share) / among + square / (4 * among))
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def difference(hits: int, among: int, other_hits: int, other_among: int) -> Difference:
    """Return the difference of two shares, by Newcombe's method 10."""
    share, other = hits / among, other_hits / other_among
    (low, high), (other_low, other_high) = wilson(hits, among), wilson(other_hits, other_among)
    return Difference(
        share - other,
        share - other - math.hypot(share - low, other_high - other),
        share - other + math.hypot(high - share, other - other_low),
    )


def difference_of_means(
    amounts: Sequence[int], among: int, other_amounts: Sequence[int], other_among: int
) -> Difference:
    """Return the difference of two averages; whoever of `among` has no amount counts as 0.

    The interval is that of a bootstrap with a fixed seed: between 1,000 draws and 100, the fewer the more amounts.
    """
    draw = random.Random(_SEED)  # noqa: S311 -- no secret
    number = min(1_000, max(100, _DRAWS // max(1, len(amounts) + len(other_amounts))))
    drawn = [_mean(amounts, among, draw) - _mean(other_amounts, other_among, draw) for _ in range(number)]
    ends = quantiles(drawn, n=40, method="inclusive")
    return Difference(sum(amounts) / among - sum(other_amounts) / other_among, ends[0], ends[-1])


def _mean(amounts: Sequence[int], among: int, draw: random.Random) -> float:
    """Return the average of a draw that takes each one of `among` 0 times, once, twice, or more."""
    times = draw.choices(_TIMES, cum_weights=_TO, k=len(amounts))
    nothing = among - len(amounts)
    without = max(0.0, draw.gauss(nothing, math.sqrt(nothing)))
    drawn: int = sum(map(mul, times, amounts))
    return drawn / max(1.0, sum(times) + without)


def needed(base: float, lift: float, percent: int) -> int:
    """Return how many recipients it takes, `percent` of them held out, to see a share rise by `lift` from `base`."""
    ratio = (100 - percent) / percent
    risen = base + lift
    pooled = (base + ratio * risen) / (1 + ratio)
    one, other = _quantile(CONFIDENCE), NormalDist().inv_cdf(POWER)
    spread = one * math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    spread += other * math.sqrt(base * (1 - base) + risen * (1 - risen) / ratio)
    held_out = math.ceil((spread / lift) ** 2)
    return round(held_out * (1 + ratio))


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
