"""Countries with their time zones, currencies and locales."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import phonenumbers
from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages
from babel.localedata import locale_identifiers
from babel.numbers import get_currency_name, get_territory_currencies

from crm.values.language import ENGLISH, LANGUAGES, N_, current

Choices = list[tuple[str, str]]

_FALLBACK = "en_001"
_ZONES: dict[str, str] = {zone: region for zone, region in get_global("zone_territories").items() if len(region) == 2}

# Of several zones, the one most people live in.
_MAIN_ZONES = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "FM": "Pacific/Pohnpei",
    "GL": "America/Nuuk",
    "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MH": "Pacific/Majuro",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby",
    "PS": "Asia/Hebron",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}


class Guess(NamedTuple):
    time_zone: str
    currency: str
    locale: str


def guess(region: str) -> Guess:
    zones = [zone for zone, territory in _ZONES.items() if territory == region]
    currencies = get_territory_currencies(region)
    return Guess(
        _MAIN_ZONES.get(region) or (zones[0] if zones else "UTC"),
        currencies[0] if currencies else "USD",
        _locale_of(region),
    )


def language_of(region: str) -> str:
    """Return which of our languages most people of a country read."""
    return {"ID": "id", "PK": "ur"}.get(region, ENGLISH)


def region_of_browser(accept_language: str) -> str | None:
    for found in re.findall(r"[a-zA-Z]{2,3}-([a-zA-Z]{2})\b", accept_language[:200]):
        if found.upper() in phonenumbers.SUPPORTED_REGIONS:
            return str(found.upper())
    return None


def regions() -> Choices:
    return _regions(current().code)


@functools.cache
def _regions(code: str) -> Choices:
    # On a page from right to left a plus would change sides with its digits.
    plus = "\u200e+" if LANGUAGES[code].is_rtl else "+"
    calling = phonenumbers.country_code_for_region
    names = ((region, _country(region, code)) for region in phonenumbers.SUPPORTED_REGIONS)
    return sorted(
        ((region, f"{name} ({plus}{calling(region)})") for region, name in names), key=lambda choice: choice[1]
    )


@functools.cache
def time_zones() -> Choices:
    return [(zone, zone.replace("_", " ")) for zone in sorted([*_ZONES, "UTC"])]


def currencies() -> Choices:
    return _currencies(current().code)


@functools.cache
def _currencies(code: str) -> Choices:
    found = {each for region in phonenumbers.SUPPORTED_REGIONS for each in get_territory_currencies(region)}
    return [(each, f"{each}, {get_currency_name(each, locale=code)}") for each in sorted(found)]


def locales() -> Choices:
    return _locales(current().code)


@functools.cache
def _locales(code: str) -> Choices:
    found = ((region, spoken) for region in phonenumbers.SUPPORTED_REGIONS for spoken in _languages(region))
    labels = {f"{spoken}_{region}": _locale_label(spoken, region, code) for region, spoken in found}
    return [(_FALLBACK, N_("International, English")), *sorted(labels.items(), key=lambda choice: choice[1])]


def _country(region: str, code: str) -> str:
    return str(Locale(code).territories.get(region, region))


def _locale_label(spoken: str, region: str, code: str) -> str:
    comma = "، " if LANGUAGES[code].is_rtl else ", "
    return f"{_country(region, code)}{comma}{Locale(code).languages.get(spoken, spoken)}"


def _languages(region: str) -> list[str]:
    languages = (*get_official_languages(region, de_facto=True), "en")
    known = _known_locales()
    return [language for language in dict.fromkeys(languages) if f"{language}_{region}" in known]


def _locale_of(region: str) -> str:
    # The pages are in English: digits and words in another script would look like an error.
    likely = get_global("likely_subtags")
    for language in _languages(region):
        if "Latn" in likely.get(language, "Latn"):
            return f"{language}_{region}"
    return _FALLBACK


@functools.cache
def _known_locales() -> frozenset[str]:
    return frozenset(locale_identifiers())
