"""Scores of buyers by recency, frequency and money, and the groups that follow from them."""

from __future__ import annotations

import bisect
import enum
from collections.abc import Mapping, Sequence
from typing import NamedTuple

HIGHEST = 5
FEWEST_BUYERS = 25
"""Below this there are no scores, only the facts."""

SLIPPING_R, SLIPPING_FM = 2, 3


class Group(enum.StrEnum):
    CHAMPIONS = "champions"
    LOYAL = "loyal"
    ACTIVE = "active"
    NEW = "new"
    PROMISING = "promising"
    NEEDS_ATTENTION = "needs-attention"
    AT_RISK = "at-risk"
    PREVIOUSLY_LOYAL = "previously-loyal"
    ALMOST_LOST = "almost-lost"
    DORMANT = "dormant"
    PROSPECTS = "prospects"


class Scores(NamedTuple):
    """Each from 1 to 5, 5 the best."""

    r: int
    f: int
    m: int

    @property
    def fm(self) -> int:
        return (self.f + self.m + 1) // 2

    @property
    def group(self) -> Group:
        return GROUPS[self.r][self.fm]

    @property
    def is_slipping(self) -> bool:
        """Whether somebody who was worth much has not come for long."""
        return self.r <= SLIPPING_R and self.fm >= SLIPPING_FM


class Scale:
    """The score of a value among others: 1 + floor(5 * (number strictly worse) / n), so equals have equal scores."""

    def __init__(self, values: Sequence[int], *, less_is_better: bool = False) -> None:
        self._sign = -1 if less_is_better else 1
        self._sorted = sorted(self._sign * value for value in values)

    def score(self, value: int) -> int:
        worse = bisect.bisect_left(self._sorted, self._sign * value)
        return min(HIGHEST, 1 + HIGHEST * worse // max(1, len(self._sorted)))

    def cut_offs(self) -> dict[int, tuple[int, int]]:
        """Return the smallest and the largest value with each score; a score that nobody has is left out."""
        found: dict[int, list[int]] = {}
        for value in sorted({self._sign * value for value in self._sorted}):
            found.setdefault(self.score(value), []).append(value)
        return {score: (values[0], values[-1]) for score, values in sorted(found.items())}


def score_by(cut_offs: Mapping[int, tuple[int, int]], value: int, *, less_is_better: bool = False) -> int:
    """Return the score that a value has by cut-offs of a `Scale`; one between two scores has the lower one."""
    if less_is_better:
        reached = [score for score, (_, largest) in cut_offs.items() if value <= largest]
    else:
        reached = [score for score, (smallest, _) in cut_offs.items() if value >= smallest]
    return max(reached, default=min(cut_offs, default=1))


_N, _P, _A, _C, _L = Group.NEW, Group.PROMISING, Group.ACTIVE, Group.CHAMPIONS, Group.LOYAL
_NA, _AR, _AL, _D, _PL = (
    Group.NEEDS_ATTENTION,
    Group.AT_RISK,
    Group.ALMOST_LOST,
    Group.DORMANT,
    Group.PREVIOUSLY_LOYAL,
)
GROUPS: dict[int, dict[int, Group]] = {
    r: dict(zip(range(1, HIGHEST + 1), groups, strict=True))
    for r, groups in {
        5: (_N, _N, _A, _C, _C),
        4: (_P, _P, _A, _L, _L),
        3: (_AL, _NA, _NA, _L, _L),
        2: (_AL, _AL, _AR, _AR, _AR),
        1: (_D, _D, _D, _PL, _PL),
    }.items()
}
"""By R, then by the mean of F and M rounded up; the names are Shopify's."""
