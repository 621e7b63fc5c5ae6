"""Pure rules of sign-in and settings."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import hmac
import ipaddress
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

PASSWORD_MIN = 10
PASSWORD_MAX = 200
_USERNAME = re.compile(r"[\w.@+-]{2,100}")


def token_hash(token: str) -> str:
    """Return what the database keeps of a sign-in token: a leaked table signs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def account_key(username: str) -> str:
    """Return what the throttle keeps of a typed user name, which may be a password typed in the wrong field."""
    return hashlib.sha256(normalize_username(username).encode()).hexdigest()


def normalize_username(username: str) -> str:
    """Return the user name as it is stored and compared: trimmed, in lower case, look-alike forms as one."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def username_problem(username: str) -> str | None:
    """Return the sentence that says why a new user name is refused, or None."""
    if not _USERNAME.fullmatch(normalize_username(username)):
        return "Use 2 to 100 letters, digits, dots, hyphens, @ or + in a user name, without spaces."
    return None


def network_of(address: str) -> str:
    """Return what the throttle counts as one address: one household or shop has a whole IPv6 /64 to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)


def setup_code(secret_key: str) -> str:
    """Return the code that opens the set-up wizard while the installation has no user."""
    digest = hmac.new(secret_key.encode(), b"set-up", hashlib.sha256).hexdigest()
    return "-".join(digest[i : i + 4] for i in range(0, 16, 4))


def is_setup_code(typed: str, secret_key: str) -> bool:
    """Whether `typed` is the set-up code, however its groups are written."""
    plain = "".join(character for character in typed.lower() if character.isalnum())
    return hmac.compare_digest(plain.encode(), setup_code(secret_key).replace("-", "").encode())


def slug_of(name: str) -> str:
    """Return the short name of an organization for commands: `toko-sari` for "Toko Sari!"."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:50].strip("-") or "shop"


def password_problem(password: str, username: str) -> str | None:
    """Return the sentence that says why a new password is refused, or None."""
    if len(password) < PASSWORD_MIN:
        return f"Use at least {PASSWORD_MIN} characters. Three or four words are easy to remember."
    if len(password) > PASSWORD_MAX:
        return f"Use at most {PASSWORD_MAX} characters."
    if password.lower() in _COMMON or len(set(password)) < 4 or password.lower() == username.lower():
        return "This password is easy to guess. Use three or four words that don't belong together."
    return None


def return_path(url: str, host: str) -> str:
    """Return the path of `url` on this site, or "/": never a way to another site."""
    try:
        parts = urlsplit(url.replace("\\", "/") if url.isprintable() else "/")
    except ValueError:
        return "/"
    if parts.netloc and parts.netloc != host:
        return "/"
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return f"{path}?{parts.query}" if parts.query else path


def parse_setting(key: str, value: str) -> Any:
    """Return the value of an organization's setting; raises ValueError with a sentence."""
    if key not in SETTINGS:
        raise ValueError(f"There is no setting {key}. The settings are {', '.join(SETTINGS)}.")
    return SETTINGS[key](value.strip())


def _name(value: str) -> str:
    if not 0 < len(value) <= 200:
        raise ValueError("Enter a name of up to 200 characters.")
    return value


def _time_zone(value: str) -> str:
    if value not in _zones():
        raise ValueError(f"There is no time zone {value!r}. Use one like Asia/Jakarta.")
    return value


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _currency(value: str) -> str:
    if value.upper() not in list_currencies():
        raise ValueError(f"There is no currency {value!r}. Use a code like IDR.")
    return value.upper()


def _phone_region(value: str) -> str:
    if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"There is no phone region {value!r}. Use two letters like ID.")
    return value.upper()


def _locale(value: str) -> str:
    try:
        return str(Locale.parse(value.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        raise ValueError(f"There is no locale {value!r}. Use one like id_ID.") from None


def _quiet_time(value: str) -> dt.time | None:
    if not value:
        return None
    try:
        return dt.datetime.strptime(value, "%H:%M").time()
    except ValueError:
        raise ValueError("Write quiet hours like 21:00, or leave both empty.") from None


def _gateway(value: str) -> str:
    if value not in GATEWAYS:
        raise ValueError(f"There is no gateway {value!r}. Use {' or '.join(GATEWAYS)}.")
    return value


GATEWAYS = ("manual", "console")

SETTINGS: dict[str, Callable[[str], Any]] = {
    "name": _name,
    "time_zone": _time_zone,
    "currency": _currency,
    "phone_region": _phone_region,
    "locale": _locale,
    "quiet_from": _quiet_time,
    "quiet_until": _quiet_time,
    "sms_gateway": _gateway,
    "whatsapp_gateway": _gateway,
}
"""The settings of an organization, and how the text of each is read."""

# The common passwords of zxcvbn's list (MIT licence, Dropbox) that are long enough to be taken.
_COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())
