"""Pure rules of sign-in and settings."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import functools
import hashlib
import hmac
import ipaddress
import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from crm.values import clock, money
from crm.values.language import AUTO, LANGUAGES
from crm.values.language import gettext as _
from crm.values.text import clean_line


class Trade(enum.StrEnum):
    """What an organization runs; the navigation has what the trade uses."""

    SHOP = "shop"
    RESTAURANT = "restaurant"
    TRAVEL = "travel"


_USERNAME = re.compile(r"[\w.@+-]{2,100}")


def token_hash(token: str) -> str:
    """Return what the database keeps of a token: a leaked table signs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def account_key(username: str) -> str:
    """Hash a typed user name for the throttle: it may be a password typed in the wrong field."""
    return hashlib.sha256(normalize_username(username).encode()).hexdigest()


def normalize_username(username: str) -> str:
    """Trim, lower the case and unite look-alike forms (NFKC)."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def typed_spelling(username: str) -> str:
    """Return the name as it was typed, "Sari" for sari; "" where that says no more than the user name."""
    typed = clean_line(username)
    return "" if typed == normalize_username(username) else typed


def username_problem(username: str) -> str | None:
    if not _USERNAME.fullmatch(normalize_username(username)):
        return _("Use 2 to 100 letters, digits, dots, hyphens, @ or + in a user name, without spaces.")
    return None


def network_of(address: str) -> str:
    """Return the address or IPv6 /64 that the throttle counts: one household has a whole /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)


def tenant_key(asked: str) -> tuple[int, str]:
    """Return the id and the slug that an X-Tenant-ID may name; 0 and "" for none."""
    is_id = asked.isascii() and asked.isdigit() and len(asked) < 19
    return int(asked) if is_id else 0, asked if asked.isascii() and asked.isprintable() else ""


def setup_code(secret_key: str) -> str:
    """Return the code that opens the set-up wizard while there is no user."""
    digest = hmac.new(secret_key.encode(), b"set-up", hashlib.sha256).hexdigest()
    return "-".join(digest[i : i + 4] for i in range(0, 16, 4))


def is_setup_code(typed: str, secret_key: str) -> bool:
    """Ignore case and how the groups are separated."""
    plain = "".join(character for character in typed.lower() if character.isalnum())
    return hmac.compare_digest(plain.encode(), setup_code(secret_key).replace("-", "").encode())


def slug_of(name: str) -> str:
    """Return `toko-sari` for "Toko Sari!"."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:50].strip("-") or "shop"


def return_path(url: str, host: str) -> str:
    """Return the path of `url` on this site, "/" for another site's."""
    try:
        parts = urlsplit(url.replace("\\", "/") if url.isprintable() else "/")
    except ValueError:
        return "/"
    if parts.netloc and parts.netloc != host:
        return "/"
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return f"{path}?{parts.query}" if parts.query else path


def parse_setting(key: str, value: str, currency: str = "") -> Any:
    """Parse a setting's text; `currency` is that of amounts."""
    known = {**SETTINGS, **SECRETS}
    if key not in known:
        raise ValueError(f"There is no setting {key}. The settings are {', '.join(known)}.")
    return _earn_per(value.strip(), currency) if key == "earn_per" else known[key](value.strip())


def _name(value: str) -> str:
    if not 0 < len(value) <= 200:
        raise ValueError(_("Enter a name of up to 200 characters."))
    return value


def _time_zone(value: str) -> str:
    if value not in _zones():
        raise ValueError(_("There is no time zone %(value)r. Use one like Asia/Jakarta.", value=value))
    return clock.zone(value).key  # Some zones of the machine can't be used.


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _currency(value: str) -> str:
    if value.upper() not in list_currencies():
        raise ValueError(_("There is no currency %(value)r. Use a code like IDR.", value=value))
    return value.upper()


def _phone_region(value: str) -> str:
    if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(_("There is no phone region %(value)r. Use two letters like ID.", value=value))
    return value.upper()


def _locale(value: str) -> str:
    try:
        return str(Locale.parse(value.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        raise ValueError(_("There is no locale %(value)r. Use one like id_ID.", value=value)) from None


def _language(value: str) -> str:
    if value not in (AUTO, *LANGUAGES):
        raise ValueError(
            _("There is no language %(value)r. Use one of %(known)s.", value=value, known=", ".join((AUTO, *LANGUAGES)))
        )
    return value


def _trade(value: str) -> Trade:
    try:
        return Trade(value)
    except ValueError:
        raise ValueError(
            _("There is no trade %(value)r. Use one of %(known)s.", value=value, known=", ".join(Trade))
        ) from None


def _uses(value: str) -> str:
    if not re.fullmatch(r"[a-z_ ]{0,200}", value):
        raise ValueError(_("Write the names of the parts with spaces between them, none, or leave it empty."))
    return value


def _quiet_time(value: str) -> dt.time | None:
    if not value:
        return None
    try:
        return dt.datetime.strptime(value, "%H:%M").time()
    except ValueError:
        raise ValueError(_("Write quiet hours like 21:00, or leave both empty.")) from None


def _yes_or_no(value: str) -> bool:
    if value.lower() not in ("yes", "no", ""):
        raise ValueError(_("Write yes or no."))
    return value.lower() == "yes"


def _cap(value: str) -> int:
    if not re.fullmatch(r"0*[1-9]\d{0,1}", str(value), re.ASCII):
        raise ValueError(_("Enter a whole number from 1 to 99."))
    return int(value)


NEW_PORTFOLIO = 250
WHATSAPP_LIMITS = (NEW_PORTFOLIO, 2_000, 10_000, 100_000)
UNLIMITED = "unlimited"
"""How many people a business portfolio may write to first in a rolling day; Meta gives a new one 250.

Source: developers.facebook.com/docs/whatsapp/messaging-limits.
"""


def _whatsapp_limit(value: str) -> int:
    if str(value).lower() in (UNLIMITED, "0"):
        return 0
    if not re.fullmatch(r"\d{3,6}", str(value), re.ASCII) or int(value) not in WHATSAPP_LIMITS:
        known = ", ".join([*map(str, WHATSAPP_LIMITS), UNLIMITED])
        raise ValueError(_("Choose one of WhatsApp's limits: %(known)s.", known=known))
    return int(value)


def _earn_points(value: str) -> int:
    if value and not re.fullmatch(r"\d{1,5}", value, re.ASCII):
        raise ValueError(_("Enter how many points as a whole number up to 99999, like 1, or leave it empty."))
    return int(value or 0)


def _earn_per(value: str, currency: str = "") -> int:
    if not value or re.fullmatch(r"0+(\.0+)?", value, re.ASCII):
        return 0
    return money.parse_amount(value, "en", currency)


def _webhook_secret(value: str) -> str:
    try:
        size = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
    except ValueError:
        size = 0
    if value and not 16 <= size <= 256:
        raise ValueError("The webhook secret has to be whsec_ and then 16 or more random bytes in base64.")
    return value


SETTINGS: dict[str, Callable[[str], Any]] = {
    "name": _name,
    "time_zone": _time_zone,
    "currency": _currency,
    "phone_region": _phone_region,
    "locale": _locale,
    "language": _language,
    "trade": _trade,
    "uses": _uses,
    "quiet_from": _quiet_time,
    "quiet_until": _quiet_time,
    "branch_bound": _yes_or_no,
    "sending_paused": _yes_or_no,
    "cap_day": _cap,
    "cap_month": _cap,
    "soft_opt_in": _yes_or_no,
    "whatsapp_limit": _whatsapp_limit,
    "warm_up": _yes_or_no,
    "earn_points": _earn_points,
    "earn_per": _earn_per,
}
"""The parser of each setting's text."""

SECRETS: dict[str, Callable[[str], str]] = {"webhook_secret": _webhook_secret}
"""The parser of each encrypted secret's text; an empty text removes it."""


def register_setting(name: str, parse: Callable[[str], Any]) -> None:
    """Add a setting of a higher feature; `parse` raises ValueError with a sentence."""
    SETTINGS[name] = parse


def register_secret(name: str, parse: Callable[[str], str]) -> None:
    SECRETS[name] = parse
