"""Small statistics."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Return Pearson's correlation; 0 where one side never differs."""
    if not pairs:
        return 0.0
    one, other = ([float(value) for value in side] for side in zip(*pairs, strict=True))
    means = [sum(side) / len(side) for side in (one, other)]
    spread = [sum((value - mean) ** 2 for value in side) for side, mean in zip((one, other), means, strict=True)]
    if not all(spread):
        return 0.0
    together = sum((a - means[0]) * (b - means[1]) for a, b in zip(one, other, strict=True))
    return together / math.sqrt(spread[0] * spread[1])


def area_under_curve(scores: Sequence[float], happened: Sequence[bool]) -> float:
    """Return how often one to whom it happened has the higher score than one to whom it didn't; equals are half."""
    number = sum(happened)
    if number in (0, len(scores)):
        return 0.5
    places, ranks = 0, 0.0
    for _, group in itertools.groupby(sorted(zip(scores, happened, strict=True)), key=lambda each: each[0]):
        members = [each[1] for each in group]
        ranks += sum(members) * (places + (len(members) + 1) / 2)
        places += len(members)
    return (ranks - number * (number + 1) / 2) / (number * (len(scores) - number))
