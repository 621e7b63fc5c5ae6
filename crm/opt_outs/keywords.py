"""Keywords that opt a customer out and in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

from crm.kernel.errors import SentenceError
from crm.messages.inbound_models import Effect
from crm.opt_outs.stop_phrases import may_mean_stop
from crm.values.language import gettext as _
from crm.values.text import clean_line, clean_text, fold

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})

LONGEST = 40
"""Characters of a keyword."""

JUDGED = 1_000
"""Characters above which a text is no keyword."""

# A digit in a box, the marks that colour an emoji or make one of several, and letters that are drawn as nothing.
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_OF_EMOJI = re.compile("[\ufe00-\ufe0f\u20d0-\u20e3\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef\u200d]")
_EMOTICON = re.compile(r"<3+|[:;=]'?-?[DPpOo3]+(?!\w)|(?<!\w)[xX]D+(?!\w)")
_DRAWN_AS_NOTHING = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]")
_SIGNATURE = re.compile(
    r"--\s*$|_{3,}\s*$|(sent from|sent via|get outlook|dikirim dari|terkirim dari|envoye de|enviado (desde|de|do)|"
    r"gesendet von|inviato da|verzonden|skickat fran)\b"
)


def effect_of(text: str, own: Collection[str]) -> Effect:
    """Return the effect of a text that is one of the keywords or of the organization's `own`."""
    text = _without_signature(clean_text(text))
    own_keys = {keyword(word) for word in own} - {""}
    if len(text) <= JUDGED:
        keys = {keyword(text), _letters(text)}
        if keys & own_keys or keys & _STOP or _once(text) in own_keys | _STOP:
            return Effect.STOP
        if keys & _START:
            return Effect.START
    return Effect.ASK if may_mean_stop(text, own_keys | _STOP) else Effect.NONE


def normalized(text: str) -> str:
    """Return `text` in upper case, without emoji and punctuation around it."""
    line = clean_line(_DRAWN_AS_NOTHING.sub("", _KEYCAP.sub("", unicodedata.normalize("NFKC", text[:JUDGED]))))
    return _trimmed(line).upper() or clean_line(text[:JUDGED])


def own_words(typed: Iterable[str]) -> list[str]:
    """Return an organization's words in stored form, each once; raises SentenceError."""
    wanted: dict[str, str] = {}
    for line in filter(None, map(clean_line, typed)):
        key = keyword(line)
        if not key:
            raise SentenceError(_("“%(word)s” has no letter, digit or emoji. Choose another word.", word=line[:60]))
        if len(line) > LONGEST:
            raise SentenceError(_("Shorten “%(word)s” to %(most)s characters.", word=line[:60], most=LONGEST))
        if key in _START:
            raise SentenceError(_("“%(word)s” opts a number back in. Choose another word.", word=line))
        if key not in _STOP:
            wanted.setdefault(key, normalized(line))
    return sorted(wanted.values())


def keyword(text: str) -> str:
    """Return the compared form: folded letters and digits, or emoji if there is nothing else.

    "" for neither. Letters drawn as symbols (Ⓢ) count as letters.
    """
    found = _letters(unicodedata.normalize("NFKC", _bare(text)))
    return found or _emoji(text)


def _letters(text: str) -> str:
    """Return letters, digits and their marks; symbols are dropped before folding."""
    kept, after_letter = [], False
    for char in _bare(text):
        kind = unicodedata.category(char)[0]
        after_letter = kind in "LN" or (kind == "M" and after_letter)
        if after_letter:
            kept.append(char)
    return fold(unicodedata.normalize("NFKC", "".join(kept)))


def _bare(text: str) -> str:
    return _DRAWN_AS_NOTHING.sub("", _OF_EMOJI.sub("", _KEYCAP.sub("", _EMOTICON.sub("", text))))


def _emoji(text: str) -> str:
    """Return each symbol once, without its colour."""
    found = "".join(char for char in _bare(text) if unicodedata.category(char)[0] == "S")
    part = next((n for n in range(1, len(found)) if found[:n] * (len(found) // n) == found), len(found))
    return found[:part]


def _once(text: str) -> str | None:
    """Return the repeated keyword of "stop stop stop", or None."""
    words = {key for key in map(_letters, text.split()) if key}
    return words.pop() if len(words) == 1 else None


def _without_signature(text: str) -> str:
    """Drop the signature of a mail program or a phone."""
    lines = text.split("\n")
    for number, line in enumerate(lines[1:21], 1):
        if _SIGNATURE.match(fold(line.strip())) and any(map(str.strip, lines[:number])):
            return "\n".join(lines[:number])
    return text


def _trimmed(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_around(text[start]):
        start += 1
    while end > start and _is_around(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_around(char: str) -> bool:
    """Whether it is punctuation, a space, a symbol or part of an emoji; marks belong to letters."""
    return unicodedata.category(char)[0] in "PZSC" or _OF_EMOJI.match(char) is not None


_STOP, _START = frozenset(map(keyword, STOP)), frozenset(map(keyword, START))
