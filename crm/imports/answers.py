"""Yes and no, consent to marketing, and the languages of messages, as lists write them."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

from crm.customers.rules import Consent
from crm.values.language import LANGUAGES
from crm.values.text import fold

LONGEST = 40
"""Characters of a word."""
_WORDS = """
yes: yes, y, true, t, 1, x, on, ok, allowed, active, subscribed, opted-in, opt-in, granted, given, consented, ya, iya
yes: boleh, aktif, benar, setuju, diizinkan, diberikan, ہاں, جی, دی گئی, ممنوحة, نعم, أجل, صحيح, مسموح, نشط
yes: ja, wahr, oui, vrai, si, sí, verdadero, vero, sim, verdadeiro, waar, evet, да, tak, \u2713, \u2714, है
no: no, n, false, f, 0, off, denied, inactive, unsubscribed, nonsubscribed, cleaned, opted-out, opt-out, withdrawn
no: bounced, never, suppressed, ditarik, واپس لی گئی, مسحوبة, tidak, bukan, nonaktif, salah, jangan
no: نہیں, نہ, لا, كلا, خطأ, ممنوع
no: nein, falsch, inaktiv, non, faux, falso, não, nee, onwaar, hay\u0131r, yanl\u0131\u015f, нет, nie, \u2717, \u2718
"""
_ANSWERS = {
    fold(word.strip()): line.startswith("yes")
    for line in _WORDS.strip().splitlines()
    for word in line.partition(": ")[2].split(",")
    if word.strip()
}


_NOT_ASKED = """
not_asked, not asked, never subscribed, never_subscribed, nonsubscribed, non-subscribed, not subscribed, not_subscribed
pending, unconfirmed, transactional, unknown, none, belum ditanya, پوچھا نہیں گیا, لم يُسأل
"""
NOT_ASKED = frozenset(fold(word.strip()) for word in _NOT_ASKED.replace("\n", ",").split(",") if word.strip())
"""Who never agreed, and never said no."""
UNREACHABLE = frozenset({"cleaned", "bounced", "hard bounced"})
"""Mail to them came back."""


def consent_of(text: str) -> Consent | None:
    """Return what a list says about marketing, None for nothing that can be read."""
    if fold(text[:LONGEST]).strip(" .!") in NOT_ASKED:
        return Consent.NOT_ASKED
    said = yes_or_no(text)
    return None if said is None else Consent.GIVEN if said else Consent.WITHDRAWN


def yes_or_no(text: str) -> bool | None:
    """Return None for neither."""
    return _yes_or_no(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=1024)
def _yes_or_no(text: str) -> bool | None:
    return _ANSWERS.get(fold(text).strip(" .!"))


def language_of(text: str) -> str:
    """Return the code of a language of messages: of `id`, `id-ID`, `Indonesian`, `Bahasa Indonesia`; "" for others."""
    word = fold(text).strip()
    code = word.replace("-", "_").split("_")[0]
    if code in LANGUAGES:
        return code
    for own in LANGUAGES.values():
        names = {own.name, *(str(Locale.parse(speaker).languages.get(own.code, "")) for speaker in LANGUAGES)}
        if word in {fold(name) for name in names}:
            return own.code
    return ""
