"""A language that nobody speaks: English with accents, 40 % longer, so that a page shows what it can't hold."""

from __future__ import annotations

import re

from crm.values.language import NullTranslations

KEPT = re.compile(r"(%\(\w+\)s|%%|\{\w*\}|<[^>]*>|&\w+;)")
ACCENTS = str.maketrans("aceginoruyACEGINOSUY", "àçéğîñöŕûýÀÇÉĞÎÑÖŠÛÝ")


def pseudo(text: str) -> str:
    pieces = KEPT.split(text)
    shown = "".join(piece if number % 2 else piece.translate(ACCENTS) for number, piece in enumerate(pieces))
    letters = sum(map(len, pieces[::2]))
    return shown + " " + _filling(max(1, letters * 2 // 5 - 1)) if letters else text


def _filling(length: int) -> str:
    """Return what makes a text longer, in words as long as those of German."""
    return " ".join("ôôôôôôôôôôô"[: length - at] for at in range(0, length, 12))


class Pseudo(NullTranslations):
    def gettext(self, message: str) -> str:
        return pseudo(message)

    def pgettext(self, context: str, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)
