"""The downhill simplex of Nelder and Mead (The Computer Journal 7, 1965), for a handful of parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Point = list[float]

STEP = 0.5
TOLERANCE, CLOSE = 1e-7, 3e-4
"""When the search ends: the corners are as close as this, in values and in place."""

MOST_ROUNDS = 2_000


def minimize(function: Callable[[Point], float], start: Sequence[float]) -> Point:
    """Return where the function is smallest; it may answer infinity for a point out of bounds."""
    simplex = sorted(((function(point), point) for point in _corners(start)), key=_value)
    for _ in range(MOST_ROUNDS):
        (least, best), (most, worst) = simplex[0], simplex[-1]
        if most - least <= TOLERANCE * (abs(least) + TOLERANCE) and _width(simplex) < CLOSE:
            break
        center = [sum(values) / (len(simplex) - 1) for values in zip(*(p for _, p in simplex[:-1]), strict=True)]
        found = _improve(function, center, worst, simplex)
        if found is None:
            simplex = [simplex[0], *(_evaluated(function, _between(best, point, 0.5)) for _, point in simplex[1:])]
        else:
            simplex[-1] = found
        simplex.sort(key=_value)
    return simplex[0][1]


def _improve(
    function: Callable[[Point], float], center: Point, worst: Point, simplex: list[tuple[float, Point]]
) -> tuple[float, Point] | None:
    """Reflect the worst corner, and expand or contract it; None where the simplex has to shrink."""
    reflected = _evaluated(function, _between(center, worst, -1))
    if reflected[0] < simplex[0][0]:
        return min(reflected, _evaluated(function, _between(center, worst, -2)), key=_value)
    if reflected[0] < simplex[-2][0]:
        return reflected
    nearer = min(reflected, simplex[-1], key=_value)
    contracted = _evaluated(function, _between(center, nearer[1], 0.5))
    return contracted if contracted[0] < nearer[0] else None


def _corners(start: Sequence[float]) -> list[Point]:
    return [list(start), *([v + STEP * (i == j) for j, v in enumerate(start)] for i in range(len(start)))]


def _width(simplex: list[tuple[float, Point]]) -> float:
    widths: list[float] = [max(values) - min(values) for values in zip(*(point for _, point in simplex), strict=True)]
    return max(widths)


def _between(one: Point, other: Point, share: float) -> Point:
    return [a + share * (b - a) for a, b in zip(one, other, strict=True)]


def _evaluated(function: Callable[[Point], float], point: Point) -> tuple[float, Point]:
    return function(point), point


def _value(corner: tuple[float, Point]) -> float:
    return corner[0]
