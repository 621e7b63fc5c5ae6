"""What people type into fields, read by the organization's numbers and currency; each raises ValidationError."""

from __future__ import annotations

import re
from collections.abc import Container

from wtforms import ValidationError

from crm.accounts.queries import current_organization
from crm.values import money
from crm.values.language import gettext as _
from crm.values.text import ascii_digits


def among(text: str | None, known: Container[str]) -> str:
    """Return a choice that the list offers."""
    if text is None or text not in known:
        raise ValidationError(_("Choose one from the list."))
    return text


def amount(text: str | None) -> int:
    """Return an amount in the currency's smallest unit."""
    organization = current_organization()
    try:
        return money.parse_amount(text or "", organization.locale, organization.currency)
    except money.MoneyError as error:
        raise ValidationError(str(error)) from None


def whole(text: str | None, least: int, most: int) -> int:
    """Return a whole number within its limits, in any digits."""
    plain = ascii_digits(text or "").strip()
    number = int(plain) if re.fullmatch(r"\d{1,9}", plain, re.ASCII) else -1
    if not least <= number <= most:
        locale = current_organization().locale
        limits = {"least": money.format_number(least, locale), "most": money.format_number(most, locale)}
        raise ValidationError(_("Enter a whole number from %(least)s to %(most)s, digits only.", **limits))
    return number
