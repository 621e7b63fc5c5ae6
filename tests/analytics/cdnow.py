"""A tenth of CDNOW's customers who bought first in early 1997, published by Fader and Hardie (brucehardie.com)."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
from functools import cache
from pathlib import Path
from typing import NamedTuple

from crm.analytics.bgnbd import History
from crm.analytics.gamma_gamma import Spending

FILE = Path(__file__).with_name("cdnow.csv.gz")
WEEK_39, WEEK_78 = dt.date(1997, 9, 30), dt.date(1998, 6, 30)


class Purchase(NamedTuple):
    customer: int
    day: dt.date
    cents: int


class Buyer(NamedTuple):
    """A customer as known at the end of week 39, and their purchase days in the 39 weeks after it."""

    history: History
    spending: Spending
    came: int


@cache
def purchases() -> list[Purchase]:
    with gzip.open(FILE, "rt") as lines:
        rows = (line.strip().split(",") for line in lines)
        return [Purchase(int(id_), dt.datetime.strptime(day, "%Y%m%d").date(), int(cents)) for id_, day, cents in rows]


@cache
def buyers() -> list[Buyer]:
    return [_buyer(list(rows)) for _, rows in itertools.groupby(purchases(), key=lambda row: row.customer)]


def _buyer(rows: list[Purchase]) -> Buyer:
    spent: dict[dt.date, int] = {}
    for row in rows:
        spent[row.day] = spent.get(row.day, 0) + row.cents
    known = sorted(day for day in spent if day <= WEEK_39)
    first, last, again = known[0], known[-1], known[1:]
    mean = sum(spent[day] for day in again) / len(again) / 100 if again else 0.0
    history = History(len(again), (last - first).days / 7, (WEEK_39 - first).days / 7)
    return Buyer(history, Spending(len(again), mean), len(spent) - len(known))
