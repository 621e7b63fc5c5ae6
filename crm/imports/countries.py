"""Whether a list's country is the shop's own, which addresses leave out."""

from __future__ import annotations

from functools import cache, lru_cache

from babel import Locale

from crm.values.language import LANGUAGES
from crm.values.text import fold


@lru_cache(maxsize=1024)
def is_country(text: str, region: str) -> bool:
    """Whether `text` is a name or the code of the country `region` (ISO 3166)."""
    return fold(text).strip(" .") in _names(region)


@cache
def _names(region: str) -> frozenset[str]:
    names = {
        str(Locale.parse(code).territories.get(region, "")) for code in (*LANGUAGES, "de", "fr", "es", "it", "pt", "nl")
    }
    return frozenset(fold(name) for name in {region, *names} if name)
