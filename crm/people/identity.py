"""Normalized identifiers: e-mail, phone and passport number, without placeholders."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from crm.values.language import N_
from crm.values.text import ascii_digits, clean_line, fold

_EMAIL_LONGEST = 254
_EMAIL_SENTENCE = N_("Enter an e-mail address like name@example.com.")
# Nearly every address; of other letters, quotes, and names under which nothing is sent, email_validator knows more.
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9](?:[a-z0-9_-]|[.](?=[a-z0-9])|[+](?=[a-z0-9])){0,63}@(?:[a-z0-9](?:-?[a-z0-9]){0,31}\.)+(?!arpa$|invalid$|local$|localhost$|onion$)[a-z]{2,9}"
)
_NOTHING_KNOWN = frozenset({"", "na", "none", "nil", "unknown", "test"})
_NOBODYS_EMAIL = re.compile(r"(?:noemail|none)@.*|test@test\.com")
_STOPGAP = re.compile(
    "TB[ACD]|PENDI|TEST|UNKNOWN|APPL|INPROCES|ONPROCES|PROCES|PROSES|DALAMPROSES|BELUM|LATER|WAIT|SOON|SAMPLE|DUMMY|NOTYET|"
    "NOPAS|NONE|PASSPOR|PASPOR|TEMP|FAKE|EXAMPLE|XXX|TOFOLLOW|MENYUSUL|ASAP|XYZ"
)
_COUNTED = frozenset(
    digits[start : start + length]
    for digits in ("01234567890123456789", "98765432109876543210")
    for start in (0, 1)
    for length in range(5, 13)
)
# Nearly everything: two digits that differ, or an address that begins as none of nobody's does.
_TELLING = re.compile(r"[^@0-9]*([0-9])(?:\1|[^@0-9])*(?!\1)[0-9][^@]*|[a-mo-su-z0-9][!-~]*@[!-~]*")


class EmailError(ValueError):
    pass


def normalize_email(raw: str) -> str | None:
    """Return the stored form: trimmed, NFKC, lower case, with a Unicode domain; None if blank.

    Raises EmailError. No DNS lookup.
    """
    return _normalize_email(raw.strip()[: 2 * _EMAIL_LONGEST])


@lru_cache(maxsize=4096)
def _normalize_email(raw: str) -> str | None:
    plain = raw.lower() if raw.isascii() else ""
    if plain.find("@") < 64 and len(plain) < 100 and _PLAIN_EMAIL.fullmatch(plain):
        return plain
    typed = unicodedata.normalize("NFKC", clean_line(raw))
    if not typed:
        return None
    try:
        # The test environment lets the domain `.test` pass, which demo and tests use; nobody can own it.
        address = validate_email(typed, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise EmailError(_EMAIL_SENTENCE) from None
    normalized = unicodedata.normalize("NFC", address.normalized.lower())
    if "." not in address.domain or len(normalized) > _EMAIL_LONGEST:
        raise EmailError(_EMAIL_SENTENCE)
    return normalized


def normalize_passport(raw: str) -> str:
    letters = unicodedata.normalize("NFKC", ascii_digits(clean_line(raw))).upper()
    return "".join(filter(str.isalnum, letters))


@lru_cache(maxsize=4096)
def is_stopgap(passport: str) -> bool:
    """Whether a normalized passport number is a stopgap like PENDING1, TBA, 123456, 112233.

    It neither matches nor contradicts, but is shown: it may be real.
    """
    return _STOPGAP.match(passport) is not None or (
        passport.isdecimal()
        and (passport in _COUNTED or re.fullmatch(r"(\d{1,3})\1+|(?:(\d)\2)+", passport) is not None)
    )


def is_placeholder(value: str) -> bool:
    """Whether `value` means unknown. Source: `interface.md`, Intake and creating."""
    if value.isascii() and _TELLING.fullmatch(value):
        return False
    folded = fold(clean_line(value))
    if "@" in folded:
        return _NOBODYS_EMAIL.fullmatch(folded) is not None
    bare = "".join(filter(str.isalnum, folded))
    return bare in _NOTHING_KNOWN or (bare.isdecimal() and len(set(bare)) == 1)
