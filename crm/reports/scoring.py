"""Learn from what all customers bought, and score each by it: pure. What was learned is kept as JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm.analytics import backtest, bgnbd, gamma_gamma, rfm
from crm.analytics.backtest import BackTest
from crm.analytics.rfm import Scale, Scores, score_by
from crm.analytics.statistics import correlation
from crm.reports.buying import Buying, Period
from crm.reports.rules import MARGIN, MOST_CORRELATED, Found, may_fit

NEXT_WEEKS, BACK_WEEKS = 52, 90 / 7
"""What customers bring is foretold for the next 52 weeks, and that they come back for the next 90 days."""


def learn(buyings: Sequence[Buying], period: Period) -> Found:
    """Return the cut-offs of scores and, where there is enough of it, the models with their back-test."""
    recent = [each for each in buyings if each.purchase_days]
    scales = {
        "r": Scale([each.since_last(period.as_of) for each in recent], less_is_better=True),
        "f": Scale([each.purchase_days for each in recent]),
        "m": Scale([each.spent for each in recent]),
    }
    first = min((each.first_day for each in buyings), default=period.as_of)
    found = Found(
        since=period.since.isoformat(),
        buyers=len(recent),
        cut_offs={name: _written(scale) for name, scale in scales.items()},
        repeaters=sum(each.days_ever > 1 for each in buyings),
        weeks=(period.as_of - first).days // 7,
    )
    if may_fit(found):
        _fit(found, buyings, period)
    return found


def _fit(found: Found, buyings: Sequence[Buying], period: Period) -> None:
    model = bgnbd.fit([each.history(period.as_of) for each in buyings])
    found.update(parameters=model._asdict(), is_sound=model.is_sound, backtest=_back_test(buyings, period))
    repeated = [each.spending for each in buyings if each.days_ever > 1]
    found["correlation"] = correlation([(float(each.x), each.mean) for each in repeated])
    if abs(found["correlation"]) < MOST_CORRELATED:
        spending = gamma_gamma.fit(repeated)
        found["spending"] = spending._asdict() if spending.is_sound else None


def _back_test(buyings: Iterable[Buying], period: Period) -> dict[str, Any] | None:
    """Fit to what was known then; None where that model came to no rest, or nobody was known."""
    until = period.tested_from
    known = [(each.known_history(until), each.came) for each in buyings if each.known_days]
    if not known:
        return None
    model = bgnbd.fit([history for history, _ in known])
    return backtest.back_test(model, known)._asdict() if model.is_sound else None


class Scoring:
    """What was learned, applied to customers."""

    def __init__(self, found: Mapping[str, Any], period: Period) -> None:
        self._as_of = period.as_of
        has_scores = found["buyers"] >= rfm.FEWEST_BUYERS
        self._cut_offs = {name: _read(rows) for name, rows in found["cut_offs"].items()} if has_scores else None
        self._model = self._spending = None
        if foretells(found):
            self._model = bgnbd.Model(**found["parameters"])
            self._spending = gamma_gamma.Model(**found["spending"]) if found.get("spending") else None
        self._margin = found.get("margin", MARGIN) / 100

    def row(self, of: Buying) -> dict[str, Any]:
        """Return the columns of a customer's `CustomerScore`."""
        return {
            "customer_id": of.customer_id,
            "last_day": of.last_day,
            "days_ever": of.days_ever,
            "spent_ever": of.spent_ever,
            "purchase_days": of.purchase_days,
            "spent": of.spent,
            "gap_days": of.gap_days,
            "cohort": f"{of.first_day:%Y-%m}",
            "months": of.months,
            "back_after": of.back_after,
            **self._scored(of),
            **self._foretold(of),
        }

    def _scored(self, of: Buying) -> dict[str, Any]:
        scores = self._scores(of)
        if scores is None:
            return {"r": None, "f": None, "m": None, "rfm_group": None, "is_slipping": False}
        return {**scores._asdict(), "rfm_group": scores.group, "is_slipping": scores.is_slipping}

    def _scores(self, of: Buying) -> Scores | None:
        """Score a buyer; who bought before the look-back alone has the lowest scores, and lowers nobody's."""
        if self._cut_offs is None:
            return None
        if not of.purchase_days:
            return Scores(1, 1, 1)
        return Scores(
            score_by(self._cut_offs["r"], of.since_last(self._as_of), less_is_better=True),
            score_by(self._cut_offs["f"], of.purchase_days),
            score_by(self._cut_offs["m"], of.spent),
        )

    def _foretold(self, of: Buying) -> dict[str, int | None]:
        if self._model is None:
            return {"comes_back": None, "expected": None}
        history = of.history(self._as_of)
        chance = round(1_000 * self._model.comes_back(history, BACK_WEEKS))
        if self._spending is None:
            return {"comes_back": chance, "expected": None}
        days, each = self._model.expected(history, NEXT_WEEKS), self._spending.expected(of.spending)
        return {"comes_back": chance, "expected": round(days * each * self._margin)}


def foretells(found: Mapping[str, Any]) -> bool:
    """Whether the model may speak: it came to rest, and its back-test is near."""
    test = found.get("backtest")
    return bool(found.get("is_sound") and test and BackTest(**test).is_near)


def _written(scale: Scale) -> dict[str, list[int]]:
    return {str(score): list(ends) for score, ends in scale.cut_offs().items()}


def _read(cut_offs: Mapping[str, Sequence[int]]) -> dict[int, tuple[int, int]]:
    return {int(score): (ends[0], ends[1]) for score, ends in cut_offs.items()}
