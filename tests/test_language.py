"""The language of a page: who chooses it, and what it changes."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from markupsafe import escape

from crm.accounts.models import Organization
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.values import clock, language
from crm.values.language import N_
from tests.factories import Cast, make_customer

MOMENT = dt.datetime(2026, 9, 7, 2, 5, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
JAKARTA = clock.zone("Asia/Jakarta")


@pytest.mark.parametrize(
    ("code", "locale", "short", "full"),
    [
        ("en", "id_ID", "Mon 7 Sep 09:05", "Monday 7 September 2026 at 09:05 (Asia/Jakarta)"),
        ("en", "en_US", "Mon Sep 7 09:05", "Monday, September 7, 2026 at 09:05 (Asia/Jakarta)"),
        ("id", "id_ID", "Sen 7 Sep 09:05", "Senin 7 September 2026"),
        ("ur", "en_US", "پیر 7 ستمبر 09:05", "پیر 7 ستمبر 2026"),
        ("ar", "ar_SY", "الاثنين 7 أيلول 09:05", "الاثنين 7 أيلول 2026"),
    ],
)
def test_days_and_months_are_named_in_the_language(code: str, locale: str, short: str, full: str) -> None:
    with language.speaking(code):
        assert clock.say_when(MOMENT, NOW, JAKARTA, locale) == short
        assert clock.say_full(MOMENT, JAKARTA, locale).startswith(full)


@pytest.mark.parametrize(
    ("choices", "accepted", "code"),
    [
        (("ur", "id"), "ar", "ur"),
        (("auto", "id"), "ar", "id"),
        (("auto", "auto"), "fr, ar-EG;q=0.8, en;q=0.5", "ar"),
        (("", ""), "id-ID,id;q=0.9", "id"),
        (("auto", ""), "xx, *;q=0.1", "en"),
        (("auto", "klingon"), "", "en"),
        ((), "\0;;q=,,,", "en"),
    ],
)
def test_the_first_choice_that_is_a_language_counts(choices: tuple[str, ...], accepted: str, code: str) -> None:
    assert language.chosen(*choices, accepted=accepted) == code


def test_a_text_is_shown_in_the_language_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    text = N_("Add <%(name)s>")

    class Shouting(language.NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper().replace("%(NAME)S", "%(name)s")

    assert text % {"name": "Siti"} == "Add <Siti>"
    monkeypatch.setattr(language, "catalog", Shouting)
    assert text % {"name": "Siti"} == "ADD <Siti>"
    plain = N_("Save & close")
    assert (str(plain), f"{plain}", escape(plain)) == ("SAVE & CLOSE", "SAVE & CLOSE", "SAVE &amp; CLOSE")
    assert plain == "Save & close"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_user_chooses_before_the_organization_and_that_before_the_browser(cast: Cast) -> None:
    client = cast.owner.client()
    accepted = {"Accept-Language": "ar, en;q=0.5"}
    assert '<html lang="ar" dir="rtl"' in client.get("/", headers=accepted).text
    with cast.owner.acting():
        db.session.execute(sa.update(Organization).values(language="id"))
        db.session.commit()
    page = client.get("/", headers=accepted).text
    assert '<html lang="id" dir="ltr"' in page
    assert "Pelanggan" in page
    assert client.post("/account/preferences", data={"language": "ur", "theme": "auto"}).status_code == 303
    assert '<html lang="ur" dir="rtl"' in client.get("/", headers=accepted).text
    assert '<html lang="id"' in cast.staff.client().get("/", headers=accepted).text
    stranger = cast.owner.app.test_client()
    assert '<html lang="ar" dir="rtl"' in stranger.get("/login", headers=accepted).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_programs_read_english(cast: Cast) -> None:
    headers = {**cast.owner.token(), "Accept-Language": "ur"}
    answer = cast.owner.app.test_client().post("/api/customers/", json={"name": ""}, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.text.isascii()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_cached_piece_of_a_page_is_of_one_language(cast: Cast) -> None:
    client = cast.owner.client()
    pages = {code: client.get("/", headers={"Accept-Language": code}).text for code in ("en", "ur", "id", "en")}
    assert "Messages" in pages["en"]
    assert "Messages" not in pages["ur"]
    assert "پیغامات" in pages["ur"]
    assert "پیغامات" not in pages["id"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_source_of_our_own_is_shown_in_the_language_and_kept_in_english(cast: Cast) -> None:
    client, urdu = cast.owner.client(), {"Accept-Language": "ur"}
    assert client.post("/leads/new", data={"name": "Sari", "source": ""}).status_code == 303
    with cast.owner.acting():
        lead = db.session.scalars(sa.select(Lead)).one()
    for address in ("/leads", "/leads?view=board", f"/leads/{lead.id}", f"/leads/{lead.id}/edit"):
        page = client.get(address, headers=urdu).text
        assert "دستی" in page, address
        assert "Manual" not in page, address
    data = {"name": "Sari", "source": "دستی", "notes": "Tea"}
    assert client.post(f"/leads/{lead.id}/edit", data=data, headers=urdu).status_code == 303
    with cast.owner.acting():
        assert db.session.scalars(sa.select(Lead.source)).one() == "Manual"
    client.post(f"/leads/{lead.id}/edit", data=data | {"source": "Yes"}, headers=urdu)
    assert "<bdi>Yes</bdi>" in client.get("/leads", headers=urdu).text, "what people typed is not translated"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_share_is_written_as_the_locale_does_and_keeps_its_order(cast: Cast) -> None:
    with cast.staff.acting():
        make_customer()
    assert "<bdi>100%</bdi>" in cast.owner.client().get("/reports").text
    with cast.owner.acting():
        db.session.execute(sa.update(Organization).values(locale="de_DE"))
        db.session.commit()
    arabic = cast.owner.client().get("/reports", headers={"Accept-Language": "ar"}).text
    assert "<bdi>\u2066100\xa0%\u2069</bdi>" in arabic
