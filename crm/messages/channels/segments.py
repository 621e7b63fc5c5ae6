"""SMS parts of a text.

Source: 3GPP TS 23.038, 6.2.1 (GSM 7 bit default alphabet) and 6.2.1.1 (extension table); 3GPP TS 23.040, 9.2.3.24.1
(concatenation): a part's header takes 6 octets, which leaves 153 septets or 67 UCS-2 units.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from babel.lists import format_list

from crm.values import language
from crm.values.language import gettext as _
from crm.values.language import ngettext

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Segments:
    """The SMS parts of a text.

    characters: as networks count them: two for one of the extension table or beyond the basic plane (most emoji).
    left: free characters in the last part, or in one SMS for an empty text.
    first_ucs2_char: the first character that switches to UCS-2.
    """

    encoding: str
    count: int
    characters: int
    left: int
    first_ucs2_char: str | None


@lru_cache(maxsize=1024)
def segments(body: str) -> Segments:
    """Count the parts; a character is never split."""
    foreign = next((char for char in body if char not in _BASIC and char not in _EXTENDED), None)
    if foreign is None:
        widths = [2 if char in _EXTENDED else 1 for char in body]
        return _counted("GSM-7", widths, 160, 153, None)
    widths = [2 if ord(char) > 0xFFFF else 1 for char in body]
    return _counted("UCS-2", widths, 70, 67, foreign)


def ucs2_note(body: str) -> str:
    """Name the characters that shorten the parts, and their cost; "" for none."""
    foreign = list(dict.fromkeys(char for char in body if char not in _BASIC and char not in _EXTENDED))
    if not foreign:
        return ""
    names = [_named(char) for char in foreign[:2]]
    if len(foreign) > 2:
        names.append(ngettext("%(num)s more", "%(num)s more", len(foreign) - 2))
    what = format_list(names, locale=language.current().locale)
    count, plain = segments(body).count, segments("".join("?" if char in foreign else char for char in body)).count
    if count == plain:
        return ngettext(
            "%(characters)s makes the parts shorter.",
            "%(characters)s make the parts shorter.",
            len(foreign),
            characters=what,
        )
    return ngettext(
        "%(characters)s makes this %(count)s parts instead of %(plain)s.",
        "%(characters)s make this %(count)s parts instead of %(plain)s.",
        len(foreign),
        characters=what,
        count=count,
        plain=plain,
    )


def _named(char: str) -> str:
    """Return a character, or its Unicode name if invisible."""
    if char.isprintable() and not char.isspace() and not unicodedata.combining(char):
        return f"“{char}”"
    name = unicodedata.name(char, "tab" if char == chr(9) else "control").lower()
    return _("a hidden character (%(name)s)", name=name)


def _counted(encoding: str, widths: list[int], alone: int, part: int, foreign: str | None) -> Segments:
    characters = sum(widths)
    if characters <= alone:
        return Segments(encoding, min(characters, 1), characters, alone - characters, foreign)
    count, left = _packed(widths, part)
    return Segments(encoding, count, characters, left, foreign)


def _packed(widths: Iterable[int], part: int) -> tuple[int, int]:
    count, left = 1, part
    for width in widths:
        if width > left:
            count, left = count + 1, part
        left -= width
    return count, left
