"""Phone numbers: E.164 in the database; invalid ones as typed and marked, never used for matching or sending."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from babel import Locale
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from crm.values import fast_phone, typed_phone
from crm.values.language import N_
from crm.values.text import ascii_digits, clean_line

MAX_LENGTH = 60

_READ_AT_MOST = 500
_NOT_A_NUMBER = N_("No such number can be called. Check the digits, and the country code of a foreign number.")


@dataclass(frozen=True, slots=True)
class Phone:
    value: str
    valid: bool
    reason: str = ""
    extension: str = ""


def parse(raw: str, region: str) -> Phone:
    """Read `raw` as dialed from `region` (ISO 3166), a leading 00 as +; an empty text is invalid without a reason."""
    return _parse(raw[:_READ_AT_MOST], region)


def variants(number: str) -> tuple[str, ...]:
    """Return the E.164 spellings of one line, `number` first.

    Brazilian mobiles occur with and without the ninth digit, Mexican ones with and without a 1 after +52, Argentinian
    ones with and without a 9 after +54.
    """
    twin = _twin(number)
    return (number, twin) if twin else (number,)


def matching(number: str) -> str:
    """Return the spelling that numbers are compared by: with the 9 of Brazil and Argentina, without Mexico's 1."""
    twin = _twin(number)
    return number if twin is None or (len(twin) > len(number)) == number.startswith("+52") else twin


def display(value: str, region: str) -> str:
    return _display(value, region)


def international(value: str) -> str:
    return _display(value, "")


def with_extension(value: str, extension: str) -> str:
    return f"{value} ext. {extension}" if value and extension else value


def digits(value: str) -> str:
    if value[:1] == "+" and value.isascii() and value[1:].isdigit():
        return value[1:]
    return "".join(filter(str.isdecimal, ascii_digits(value)))


def without_trunk_zero(abroad: str) -> str:
    """Remove the 0 dialed only at home from digits with a country code: `62812` for `620812`."""
    for end in (1, 2, 3):
        regions_of_code = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(abroad[:end] or 0))
        if regions_of_code and abroad[end : end + 1] == "0":
            metadata = phonenumbers.PhoneMetadata.metadata_for_region(regions_of_code[0], None)
            return abroad[:end] + abroad[end + 1 :] if metadata and metadata.national_prefix == "0" else abroad
    return abroad


def spellings(value: str, region: str, valid: bool = False) -> tuple[str, ...]:
    """Return the digits people type: with the country code and as at home; `valid` skips nearly all of the work."""
    at_home = fast_phone.at_home(value) if valid else None
    return tuple(dict.fromkeys((value[1:], at_home))) if at_home else _spellings(value, region, valid)


def tel(value: str, extension: str = "") -> str:
    return f"tel:+{digits(value)}" + (f";ext={extension}" if extension else "")


def wa_me(value: str) -> str:
    return f"https://wa.me/{digits(value)}"


@lru_cache(maxsize=1)
def regions() -> tuple[tuple[str, str], ...]:
    names = Locale("en").territories
    return tuple(sorted(((code, names.get(code, code)) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda r: r[1]))


@lru_cache(maxsize=4096)
def _parse(raw: str, region: str) -> Phone:
    if plain := fast_phone.read(raw, region):
        return Phone(plain, True)
    typed = clean_line(raw)
    text, extension, reason = typed_phone.one_number(typed_phone.plain(typed))
    number = _read(text, region)
    if number is None:
        return Phone(typed[:MAX_LENGTH].rstrip(), False, (reason or _NOT_A_NUMBER) if typed else "")
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), True, extension=extension)


# For each country: the longer spelling, the shorter one as (prefix, rest), and the digit between.
_TWINS = {
    # Without the ninth digit, what begins with 2 to 5 is a landline.
    "+55": (re.compile(r"(\+55[1-9][1-9])9([6-9]\d{7})"), re.compile(r"(\+55[1-9][1-9])([6-9]\d{7})"), "9"),
    "+52": (re.compile(r"(\+52)1([2-9]\d{9})"), re.compile(r"(\+52)([2-9]\d{9})"), "1"),
    "+54": (re.compile(r"(\+54)9([1-3]\d{9})"), re.compile(r"(\+54)([1-3]\d{9})"), "9"),
}


def _twin(number: str) -> str | None:
    if (found := _TWINS.get(number[:3])) is None:
        return None
    longer, shorter, between = found
    if parts := longer.fullmatch(number):
        return parts[1] + parts[2]
    parts = shorter.fullmatch(number)
    return parts[1] + between + parts[2] if parts else None


@lru_cache(maxsize=4096)
def _spellings(value: str, region: str, valid: bool) -> tuple[str, ...]:
    number = _from_e164(value) if valid else _stored(value)
    if number is None:
        guess = _dialed(typed_phone.one_number(typed_phone.plain(value))[0], region)
        abroad = f"{guess.country_code}{guess.national_number}" if guess else ""
        return tuple(dict.fromkeys(filter(None, (digits(value), abroad))))
    at_home = digits(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
    return tuple(dict.fromkeys((digits(value), at_home)))


def _read(text: str, region: str) -> PhoneNumber | None:
    number = _dialed(text, region)
    if number is None:
        return None
    at_home = number if phonenumbers.is_valid_number(number) else _without_old_prefix(number)
    if text[:1] == "+" or not (typed := digits(text)).startswith(str(number.country_code)):
        return at_home
    abroad = _read(f"+{typed}", region)
    if at_home is None or abroad is None:
        return at_home or abroad
    return at_home if _is_meant_at_home(at_home, abroad, typed) else abroad


def _is_meant_at_home(number: PhoneNumber, abroad: PhoneNumber, typed: str) -> bool:
    """Choose: at home nobody omits a leading 0, WhatsApp and tills omit the plus; a mobile number is more likely."""
    as_written = digits(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
    return as_written == typed or (_is_mobile(number) and not _is_mobile(abroad))


def _is_mobile(number: PhoneNumber) -> bool:
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


_OLD_MEXICAN = re.compile(r"(?:0?1|04[45])([2-9]\d{9})")


def _without_old_prefix(number: PhoneNumber) -> PhoneNumber | None:
    """Convert the old notation still in use: Brazil's eight digits, Mexico's 1."""
    national = phonenumbers.national_significant_number(number)
    if number.country_code == 52 and (old := _OLD_MEXICAN.fullmatch(national)):
        today = _from_e164(f"+52{old[1]}")
    elif number.country_code == 55:
        today = _from_e164(matching(f"+55{national}"))
    else:
        return None
    return today if today is not None and phonenumbers.is_valid_number(today) else None


def _dialed(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


@lru_cache(maxsize=8192)
def _stored(value: str) -> PhoneNumber | None:
    number = _from_e164(value)
    return number if number is not None and phonenumbers.is_valid_number(number) else None


def _from_e164(value: str) -> PhoneNumber | None:
    """Split `+` and 5 to 15 digits: five times as fast as parsing."""
    if not re.fullmatch(r"\+\d{5,15}", value):
        return None
    for end in (2, 3, 4):
        code, rest = int(value[1:end]), value[end:]
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE and rest[0] != "0":
            return PhoneNumber(country_code=code, national_number=int(rest))
    return _dialed(value, "ZZ")


@lru_cache(maxsize=8192)
def _display(value: str, region: str) -> str:
    number = _stored(value)
    if number is None:
        return value
    at_home = phonenumbers.country_code_for_region(region) == number.country_code if region else False
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)
