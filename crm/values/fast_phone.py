"""Read and spell phone numbers in their usual form, a hundred times as fast as phonenumbers.

For mobile numbers of countries that have a calling code alone and dial `0` at home, one pattern of phonenumbers is
enough. For all other input the answer is None and `phone` asks phonenumbers; `tests/test_phone.py` compares both.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata

_PLAIN = re.compile(r"(?:\+|0)[0-9]+(?:[ -][0-9]+)*")
_LONGEST = 1 + 15
_LEFT_OUT = str.maketrans("", "", " -")


class _HomeFormat(NamedTuple):
    begins: re.Pattern[str]
    whole: re.Pattern[str]
    before: str


def read(text: str, region: str) -> str | None:
    mobile = _mobile(region)
    if mobile is None or not _PLAIN.fullmatch(text):
        return None
    code, pattern, lengths = mobile
    digits = text.translate(_LEFT_OUT)
    if digits[0] == "0":
        national = digits[1:]
    elif digits.startswith(code):
        national = digits[len(code) :]
    else:
        return None
    return code + national if len(national) in lengths and pattern.fullmatch(national) else None


def at_home(value: str) -> str | None:
    """Return the digits dialed at home for a valid E.164 number; None if one rule is not enough."""
    for end in (3, 4, 2):
        formats = _home_formats(value[1:end])
        if formats is not None:
            break
    else:
        return None
    national = value[end:]
    if national[:1] == "0" or len(value) > _LONGEST:
        return None
    for format_ in formats:
        if format_.begins.match(national) and (found := format_.whole.fullmatch(national)):
            return format_.before + national if "".join(found.groups()) == national else None
    return national


@lru_cache(maxsize=512)
def _mobile(region: str) -> tuple[str, re.Pattern[str], frozenset[int]] | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.mobile is None or not metadata.mobile.national_number_pattern:
        return None
    alone = len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[metadata.country_code or 0]) == 1
    if not alone or metadata.national_prefix_for_parsing != "0" or metadata.national_prefix_transform_rule:
        return None
    lengths = frozenset(metadata.mobile.possible_length) - {-1}
    return f"+{metadata.country_code}", re.compile(metadata.mobile.national_number_pattern), lengths


@lru_cache(maxsize=512)
def _home_formats(code: str) -> tuple[_HomeFormat, ...] | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code.isdecimal() else None
    # Countries that share a code write as the main one does.
    metadata = PhoneMetadata.metadata_for_region(regions[0], None) if regions else None
    if metadata is None:
        return None
    formats = []
    for form in metadata.number_format:
        whole = form.pattern or ""
        before, _, after = (form.national_prefix_formatting_rule or r"\1").partition(r"\1")
        groups = "".join(rf"\{n}" for n in range(1, re.compile(whole).groups + 1))
        if re.sub(r"[^\\\d]", "", form.format or "") != groups or re.search(r"\d", after):
            return None
        begins = form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""
        formats.append(_HomeFormat(re.compile(begins), re.compile(whole), re.sub(r"\D", "", before)))
    return tuple(formats)
