"""Rules for new passwords: a minimum length, and not easy to guess.

Any characters may be used and none is required (OWASP ASVS 5.0, 6.2.5). Refused are common passwords and words with
digits and marks added or substituted ("P@ssw0rd2026"), and names of the user or the organization.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from crm.values.language import gettext as _
from crm.values.text import fold

PASSWORD_MIN = 10
PASSWORD_MAX = 200
NAME_MIN = 3
REST_MIN = 8
"""How long the rest must be when a name is in the password."""

# The letter for each digit or mark; 1, ! and | are i or l.
_LETTERS = tuple(str.maketrans("034578@$1!|", f"oeastbas{one * 3}") for one in "il")


def password_problem(password: str, *names: str) -> str | None:
    if len(password) < PASSWORD_MIN:
        return _("Use at least %(num)s characters. Three or four words are easy to remember.", num=PASSWORD_MIN)
    if len(password) > PASSWORD_MAX:
        return _("Use at most %(num)s characters.", num=PASSWORD_MAX)
    if any(_leans_on(password, name) for name in names):
        return _("This password is easy to guess from your name or your organization's. Use three or four other words.")
    if len(set(password)) < 4 or any(map(_is_common, _readings(password))):
        return _("This password is easy to guess. Use three or four words that don't belong together.")
    return None


def _leans_on(password: str, name: str) -> bool:
    plain, wanted = _plain(password), _plain(name)
    if len(wanted) < NAME_MIN:
        return False
    texts = {plain, *(plain.translate(letters) for letters in _LETTERS)}
    rests = [text.replace(wanted, "") for text in texts if wanted in text]
    return any(len(rest) < REST_MIN or rest.isdigit() for rest in rests)


def _readings(password: str) -> Iterator[str]:
    """Yield what a password may have been made from by adding or substituting digits and marks."""
    typed = password.casefold()
    word = re.sub(r"(?<![\W\d_])[\W\d_]+$", "", typed)
    for end in range(len(word), len(typed) + 1):
        if word or 2 * end >= len(typed):
            yield typed[:end]
    for text in (typed, word, re.sub(r"^[\W\d_]+", "", word), _plain(typed)):
        yield re.sub(r"(?<!\d)\d+$", "", _plain(text))
        for letters in _LETTERS:
            yield _plain(text.translate(letters))


def _is_common(text: str) -> bool:
    return not common_passwords().isdisjoint({text, _unit(text)})


def _unit(text: str) -> str:
    """Return "abc" for "abcabcabc"."""
    length = (text + text).find(text, 1)
    return text[:length] if length >= NAME_MIN else text


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))


_LOCAL = frozenset(
    {
        *("owner", "cashier", "kasir", "karyawan", "kantor", "warung", "restoran", "pelanggan"),
        *("merdeka", "ramadan", "ramadhan", "lebaran", "pancasila", "nusantara", "zindabad"),
        *("januari", "februari", "maret", "juni", "juli", "agustus", "oktober", "desember"),
    }
)
"""Local common words that neither list has."""


@functools.cache
def common_passwords() -> frozenset[str]:
    """Return the common passwords, in lower case: those of zxcvbn and of Django (common_passwords.LICENSE.txt)."""
    packed = Path(__file__).with_name("common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split()) | _LOCAL
