"""Figures of reports: each is the number of rows of the list that it links to, also for staff of a branch."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.analytics import bgnbd
from crm.analytics.backtest import back_test
from crm.analytics.rfm import Group
from crm.invoices.models import Invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.reports import services
from crm.reports.models import CustomerScore
from crm.reports.queries import buyings, period_now
from tests.factories import Cast, Person, make_customer
from tests.reports.shop import Shop, big, naive, today

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def read(person: Person, path: str) -> Any:
    answer = person.app.test_client().get(f"/api/{path}", headers=person.token())
    assert answer.status_code == 200, answer.text
    return answer.json


def rows(client: FlaskClient, query: str) -> int:
    """Return how many customers a list has."""
    page = client.get(f"/?{query}").text
    found = re.search(r'class="count-line">\s*([\d.,]+) customer', page)
    return int(re.sub(r"\D", "", found[1])) if found else 0


def bind_to_branch(person: Person, branch: int) -> None:
    with person.acting(), transaction() as session:
        session.get_one(Membership, person.membership_id).branch_id = branch
        session.get_one(Organization, person.organization_id).branch_bound = True


@pytest.mark.parametrize("is_bound", [False, True])
def test_each_figure_is_the_number_of_rows_that_it_links_to(cast: Cast, is_bound: bool) -> None:
    shop = Shop(cast.owner, 7, customers=60)
    with cast.owner.acting():
        services.rebuild()
    branch = shop.branches[1] if is_bound else None
    if branch:
        bind_to_branch(cast.staff, branch)
    right = naive(shop.lines(), today())
    mine = right.keys() & {line.customer for line in shop.lines(branch)}
    client, found = cast.staff.client(), read(cast.staff, "reports/rfm/")
    assert [row["group"] for row in found["groups"]] == list(Group)
    for row in found["groups"]:
        assert row["customers"] == rows(client, f"rfm={row['group']}"), row
        if row["group"] != Group.PROSPECTS:
            assert row["customers"] == sum(right[id_]["rfm_group"] == row["group"] for id_ in mine), row
    assert found["slipping"] == rows(client, "slipping=1") == sum(right[id_]["is_slipping"] for id_ in mine)
    assert sum(row["customers"] for row in found["groups"]) == rows(client, "")
    assert read(cast.staff, "reports/value/")["customers"] == rows(client, "buyers=1") == len(mine)
    for cohort in read(cast.staff, "reports/cohorts/")["cohorts"]:
        first = f"cohort={cohort['cohort']}"
        of_it = [right[id_] for id_ in mine if right[id_]["cohort"] == cohort["cohort"]]
        assert cohort["customers"] == len(of_it)
        if of_it:
            assert rows(client, first) == len(of_it)
            for each in cohort["months"][:3]:
                came = sum(bool(one["months"] >> each["month"] & 1) for one in of_it)
                assert each["customers"] == came == rows(client, f"{first}&month={each['month']}")
            for each in cohort["within"][:1]:
                back = sum(one["back_after"] is not None and one["back_after"] <= each["days"] for one in of_it)
                assert each["customers"] == back == rows(client, f"{first}&within={each['days']}")


@SQLITE
def test_a_customer_has_their_scores_in_lists_and_alone(cast: Cast) -> None:
    shop = Shop(cast.owner, 3, customers=60)
    with cast.owner.acting():
        services.rebuild()
        stranger_to_all = make_customer()
    right = naive(shop.lines(), today())
    listed = {row["id"]: row["rfm"] for row in read(cast.owner, "customers/?page_size=100")["results"]}
    for id_, one in right.items():
        assert listed[id_] == {
            "recency_days": (today() - one["last_day"]).days,
            "purchase_days": one["purchase_days"],
            "spent": f"{one['spent'] // 100}.00",
            **{name: one[name] for name in "rfm"},
            "group": one["rfm_group"],
        }
    assert read(cast.owner, f"customers/{next(iter(right))}/")["rfm"] == listed[next(iter(right))]
    nothing = {"recency_days": None, "purchase_days": 0, "spent": "0.00", "r": None, "f": None, "m": None}
    assert listed[stranger_to_all] == {**nothing, "group": "prospects"}


@SQLITE
def test_below_25_buyers_nothing_is_said(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
    assert read(cast.owner, f"customers/{id_}/")["rfm"] is None
    assert read(cast.owner, "reports/rfm/") == {
        "as_of": None,
        "buyers": 0,
        "groups": [],
        "slipping": 0,
        "cut_offs": None,
    }
    assert read(cast.owner, "reports/cohorts/") == {"as_of": None, "cohorts": []}
    with cast.owner.acting():
        services.rebuild()
    assert read(cast.owner, f"customers/{id_}/")["rfm"] is None
    value = read(cast.owner, "reports/value/")
    assert (value["as_of"], value["parameters"], value["backtest"], value["foretells"]) == (
        today().isoformat(),
        None,
        None,
        False,
    )


@SQLITE
def test_what_is_foretold_comes_with_its_back_test(cast: Cast) -> None:
    big(cast.owner, 900)
    with cast.owner.acting():
        services.rebuild()
        period = period_now()
        known = list(buyings(period))
    found = read(cast.owner, "reports/value/")
    assert found["parameters"] == bgnbd.fit([each.history(period.as_of) for each in known])._asdict()
    before = [(each.known_history(period.tested_from), each.came) for each in known if each.known_days]
    test = back_test(bgnbd.fit([history for history, _ in before]), before)
    assert found["backtest"] == test._asdict()
    assert found["foretells"] is test.is_near is True
    assert re.fullmatch(r"[1-9]\d0+\.00", found["expected"]), "more exact than it can be"
    assert 0 < found["come_back"] < len(known)


@SQLITE
def test_a_model_that_was_far_off_foretells_nothing(cast: Cast) -> None:
    """All who bought until 13 weeks ago never came again."""
    big(cast.owner, 900)
    with cast.owner.acting():
        with transaction() as session:
            since = period_now().tested_from
            session.execute(sa.update(Invoice).where(Invoice.date > since).values(status="void"))
        services.rebuild()
        assert not db.session.scalars(sa.select(CustomerScore).where(CustomerScore.comes_back.is_not(None))).all()
    found = read(cast.owner, "reports/value/")
    assert found["backtest"]["came"] == 0
    assert (found["foretells"], found["come_back"], found["expected"]) == (False, None, None)
