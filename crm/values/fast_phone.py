"""Phone numbers as nearly everybody writes them, read and spelled a hundred times as fast as all others.

A mobile number of a country that has its calling code alone and dials `0` at home needs one pattern of phonenumbers'
and not its whole grammar. What is anything else is left to phonenumbers: the answer is None. Both say the same of
what is read here; `tests/test_phone.py` holds them together.
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


class _Way(NamedTuple):
    """How some numbers of a country are written at home: what they begin with, their whole, what is put before."""

    begins: re.Pattern[str]
    whole: re.Pattern[str]
    before: str


def read(text: str, region: str) -> str | None:
    """Return the E.164 form of a mobile number of `region` in plain digits, in groups or not; None for all else."""
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
    """Return the digits that a valid E.164 number is dialed with at home; None where that takes more than one rule."""
    for end in (3, 4, 2):
        ways = _ways(value[1:end])
        if ways is not None:
            break
    else:
        return None
    national = value[end:]
    if national[:1] == "0" or len(value) > _LONGEST:
        return None
    for way in ways:
        if way.begins.match(national) and (found := way.whole.fullmatch(national)):
            return way.before + national if "".join(found.groups()) == national else None
    return national


@lru_cache(maxsize=512)
def _mobile(region: str) -> tuple[str, re.Pattern[str], frozenset[int]] | None:
    """Return the calling code of `region`, and the pattern and the lengths of its mobile numbers."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.mobile is None or not metadata.mobile.national_number_pattern:
        return None
    alone = len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[metadata.country_code or 0]) == 1
    if not alone or metadata.national_prefix_for_parsing != "0" or metadata.national_prefix_transform_rule:
        return None
    lengths = frozenset(metadata.mobile.possible_length) - {-1}
    return f"+{metadata.country_code}", re.compile(metadata.mobile.national_number_pattern), lengths


@lru_cache(maxsize=512)
def _ways(code: str) -> tuple[_Way, ...] | None:
    """Return how numbers of a calling code are written at home, None where digits stand anywhere but before."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code.isdecimal() else None
    # Where several share a code, all are written as the first one's.
    metadata = PhoneMetadata.metadata_for_region(regions[0], None) if regions else None
    if metadata is None:
        return None
    ways = []
    for form in metadata.number_format:
        whole = form.pattern or ""
        before, _, after = (form.national_prefix_formatting_rule or r"\1").partition(r"\1")
        groups = "".join(rf"\{n}" for n in range(1, re.compile(whole).groups + 1))
        if re.sub(r"[^\\\d]", "", form.format or "") != groups or re.search(r"\d", after):
            return None
        begins = form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""
        ways.append(_Way(re.compile(begins), re.compile(whole), re.sub(r"\D", "", before)))
    return tuple(ways)
