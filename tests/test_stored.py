"""Sentences that the database keeps in English, and pages show in the reader's language."""

from __future__ import annotations

import datetime as dt

import pytest
from babel.support import Translations

from crm.delivery.later import NEXT_TRY
from crm.delivery.send_policy import QUIET
from crm.invoices.rules import same_file
from crm.messages.rules import WAITS, holding_reason
from crm.providers.answers import REFUSED
from crm.providers.twilio.codes import CODES
from crm.providers.whatsapp_cloud.kinds import content
from crm.values import language, stored
from crm.values.language import speaking
from crm.values.stored import shown

DUTCH = {
    "%(sentence)s Messages wait until this is fixed.": "%(sentence)s Berichten wachten.",
    "%(name)s wrote “%(text)s”. Choose Opt out or Go on in the inbox.": "Kies: %(name)s schreef „%(text)s”.",
    "%(provider)s rejected it: %(said)s": "%(said)s (%(provider)s)",
    "Twilio suspended the account. Look into the Twilio console.": "Twilio heeft het account geblokkeerd.",
    "Quiet hours: it will be sent %(when)s (%(zone)s).": "Rusttijd: verzonden op %(when)s (%(zone)s).",
    "%(sentence)s Next try %(when)s.": "%(sentence)s Opnieuw op %(when)s.",
    "The same file is at this customer's invoice of %(date)s, as %(name)s.": "Ook bij %(date)s: %(name)s.",
    "a picture": "een foto",
    "came from the ad “%(headline)s”": "kwam van „%(headline)s”",
}


@pytest.fixture(autouse=True)
def in_dutch(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Translations()
    catalog._catalog = {"": "", **DUTCH}  # type: ignore[attr-defined]
    monkeypatch.setattr(language, "_catalog", lambda code: catalog if code == "id" else Translations())
    stored._shown.cache_clear()


def test_a_sentence_is_stored_in_english_and_shown_in_the_readers_language() -> None:
    with speaking("id"):
        kept = holding_reason("Sari. Ms", "Stop: 100% please")
        assert kept == "Sari. Ms wrote “Stop: 100% please”. Choose Opt out or Go on in the inbox."
        assert shown(kept) == "Kies: Sari. Ms schreef „Stop: 100% please”."
    assert shown(kept) == kept


def test_a_sentence_around_another_is_shown_with_it() -> None:
    kept = WAITS.english(sentence=CODES[20005].sentence)
    assert kept.startswith("Twilio suspended the account. ")
    with speaking("id"):
        assert shown(kept) == "Twilio heeft het account geblokkeerd. Berichten wachten."
        rejected = WAITS.english(sentence=REFUSED.english(provider="Twilio", said="No: never."))
        assert shown(rejected) == "No: never. (Twilio) Berichten wachten."


def test_what_came_beside_a_text_is_shown_in_parts() -> None:
    with speaking("id"):
        found = content({"type": "image", "image": {}, "referral": {"headline": "New cakes"}}).what
        assert found == "a picture, came from the ad “New cakes”"
        assert shown(found) == "een foto, kwam van „New cakes”"


@pytest.mark.parametrize(
    ("kept", "english", "dutch"),
    [
        (
            QUIET.english(when="2026-11-30 09:00", zone="Asia/Jakarta"),
            "Quiet hours: it will be sent Mon 30 Nov 2026 09:00 (Asia/Jakarta).",
            "Rusttijd: verzonden op Sen 30 Nov 2026 09:00 (Asia/Jakarta).",
        ),
        (
            NEXT_TRY.english(sentence="Twilio did not answer.", when="2027-01-01 00:05"),
            "Twilio did not answer. Next try Fri 1 Jan 2027 00:05.",
            "Twilio did not answer. Opnieuw op Jum 1 Jan 2027 00:05.",
        ),
        (
            same_file("2026-05-01.pdf", dt.date(2026, 5, 2)),
            "The same file is at this customer's invoice of 2 May 2026, as 2026-05-01.pdf.",
            "Ook bij 2 Mei 2026: 2026-05-01.pdf.",
        ),
        (
            QUIET.english(when="tomorrow 09:00", zone="UTC"),
            "Quiet hours: it will be sent tomorrow 09:00 (UTC).",
            "Rusttijd: verzonden op tomorrow 09:00 (UTC).",
        ),
        (
            QUIET.english(when="2026-02-30 09:00", zone="UTC"),
            "Quiet hours: it will be sent 2026-02-30 09:00 (UTC).",
            "Rusttijd: verzonden op 2026-02-30 09:00 (UTC).",
        ),
    ],
)
def test_a_day_is_kept_as_iso_and_shown_in_the_readers_words(kept: str, english: str, dutch: str) -> None:
    """What an earlier release kept in English words stays as it is."""
    assert shown(kept) == english
    with speaking("id"):
        assert shown(kept) == dutch


def test_no_stored_sentence_has_a_day_in_english_words() -> None:
    """Values of these names are ISO; another name for a day would be kept as words."""
    for pattern in stored._known:
        assert not {"day", "time", "month", "at", "until"} & set(pattern._names), pattern.text


def test_what_nobody_declared_stays_as_it_is() -> None:
    with speaking("id"):
        for sentence in ("", "Something 100% new.", "a, b: c"):
            assert shown(sentence) == sentence
