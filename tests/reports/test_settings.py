"""What an organization reports by, and what is known of a customer on their page."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Organization
from crm.demo import shop as demo_shop
from crm.invoices.services import add_invoice
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.reports import figures, services
from crm.reports.models import CustomerScore, ReportSettings, ScoreRun
from tests.factories import Cast, make_customer
from tests.reports.shop import big, today

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESS = "/settings/reports"


def due() -> list[int]:
    return list(db.session.scalars(sa.select(DueWork.organization_id).where(DueWork.kind == "scores")))


def test_another_look_back_counts_other_purchases(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        add_invoice(id_, 5_00, today() - dt.timedelta(days=70), "")
        add_invoice(id_, 7_00, today(), "")
        services.rebuild()
        assert db.session.scalars(sa.select(CustomerScore.spent)).one() == 12_00
    client = cast.owner.client()
    page = client.get(ADDRESS).text
    assert re.search(r'name="look_back_months"[^>]*value="24"', page)
    assert re.search(r'name="margin"[^>]*value="100"', page)
    answer = client.post(ADDRESS, data={"look_back_months": "2", "margin": "40"})
    assert (answer.status_code, answer.location) == (303, ADDRESS)
    assert "Saved. The figures follow within minutes." in client.get(ADDRESS).text
    with cast.owner.acting():
        assert due() == [cast.owner.organization_id]
        services.rebuild()
        assert db.session.scalars(sa.select(CustomerScore.spent)).one() == 7_00
        changes = db.session.scalars(sa.select(Event.changes).where(Event.action == "reports.changed")).one()
        assert changes == {"look_back_months": [None, 2], "margin": [None, 40]}
        assert list(services.differences()) == []
    assert "in the last 2 months" in client.get("/reports/rfm").text
    client.post(ADDRESS, data={"look_back_months": "2", "margin": "40"})
    with cast.owner.acting():
        assert len(db.session.scalars(sa.select(Event).where(Event.action == "reports.changed")).all()) == 1
    with cast.stranger.acting():
        assert not db.session.scalars(sa.select(ReportSettings)).all()


@SQLITE
def test_what_12_months_bring_is_times_the_margin(cast: Cast) -> None:
    big(cast.owner, 900)
    with cast.owner.acting():
        services.rebuild()
        whole = figures.report().all.expected
    client = cast.owner.client()
    client.post(ADDRESS, data={"look_back_months": "24", "margin": "40"})
    with cast.owner.acting():
        services.rebuild()
        assert abs(figures.report().all.expected - 0.4 * whole) < 900
        assert list(services.differences()) == []
    assert "margin 40%" in re.sub(r"<[^>]*>", "", client.get("/reports/value").text).replace("\xa0", "")


@SQLITE
@pytest.mark.parametrize("typed", ["", "0", "61", "1.5", "x", "-1"])
def test_a_wrong_number_is_asked_for_again(cast: Cast, typed: str) -> None:
    answer = cast.owner.client().post(ADDRESS, data={"look_back_months": typed, "margin": "50"})
    assert answer.status_code == 422
    assert "Enter a number from 1 to 60." in answer.text
    assert re.search(r'name="margin"[^>]*value="50"', answer.text), "nothing typed is lost"
    with cast.owner.acting():
        assert not db.session.scalars(sa.select(ReportSettings)).all()


def facts(cast: Cast, id_: int) -> str:
    page = cast.viewer.client().get(f"/customers/{id_}").text
    found = re.search(r"<dt>Purchases</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", found[1])).split()) if found else ""


@SQLITE
def test_the_page_of_a_customer_says_how_often_they_come(cast: Cast) -> None:
    with cast.owner.acting():
        id_, never = make_customer(), make_customer()
        for days in (63, 84, 105):
            add_invoice(id_, 9_00, today() - dt.timedelta(days=days), "")
        for number in range(40):
            add_invoice(make_customer(), 5_00 + number, today() - dt.timedelta(days=number), "")
    assert facts(cast, id_) == "", "before the first night"
    with cast.owner.acting():
        services.rebuild()
    assert facts(cast, id_) == "Previously loyal Slipping usually every 3 weeks, last here 9 weeks ago"
    assert facts(cast, never) == ""
    with cast.owner.acting():
        add_invoice(id_, 9_00, today(), "")
    assert facts(cast, id_).endswith("usually every 3 weeks"), "they came since the night"


def test_the_demo_shop_has_groups_at_once(app: Flask) -> None:
    app.test_cli_runner().invoke(args=["demo", "load", "--organization", demo_shop.DEMO])
    with app.app_context():
        organization = db.session.scalars(sa.select(Organization).where(Organization.slug == demo_shop.DEMO)).one()
    with app.app_context(), use_organization(organization.id):
        run = db.session.scalars(sa.select(ScoreRun)).one()
        assert run.buyers >= 25
        assert list(services.differences()) == []
        groups = set(db.session.scalars(sa.select(CustomerScore.rfm_group)))
        assert len(groups) >= 8
        assert db.session.scalars(sa.select(CustomerScore).where(CustomerScore.is_slipping)).all()
