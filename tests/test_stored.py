"""Sentences that the database keeps in English, and pages show in the reader's language."""

from __future__ import annotations

import pytest
from babel.support import Translations

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


def test_what_nobody_declared_stays_as_it_is() -> None:
    with speaking("id"):
        for sentence in ("", "Something 100% new.", "a, b: c"):
            assert shown(sentence) == sentence
