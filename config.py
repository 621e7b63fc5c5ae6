"""Settings, read once from the environment.

A malformed value stops the start with a sentence that names the variable. Limits are in seconds.
"""

from __future__ import annotations

import base64
import contextlib
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

E164 = r"\+[1-9]\d{6,14}"
SMS_SENDER = rf"{E164}|\d{{3,8}}|(?=.*[A-Za-z])[A-Za-z0-9 ]{{1,11}}"
"""A number, a short code, or a name (Twilio, Alphanumeric Sender ID)."""
HOST_NAME = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
MAILBOX = r"[^\s@<>\"]+@[^\s@<>\"]+|[^<>\"\\]{1,100}<[^\s@<>\"]+@[^\s@<>\"]+>"
RETURNS = rf"[A-Za-z0-9._-]{{1,20}}@{HOST_NAME}"
"""What is added to it needs the room before the @."""
VAPID_KEY = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
"""32 bytes in base64 for URLs."""
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CONTACT = r"mailto:[^@\s]+@([a-z0-9-]+\.)+[a-z]{2,}|https://([a-z0-9-]+\.)+[a-z]{2,}(:\d{1,5})?(/[!-~]*)?"
"""A page or mailbox of a host with a dot in its name: localhost is nobody's."""
ROOT = Path(__file__).resolve().parent
SECRET_KEY_MIN = 24


class ConfigError(RuntimeError):
    """A setting is missing or malformed; the message is a sentence that names the variable."""


def load(environ: Mapping[str, str], instance: Path) -> dict[str, Any]:
    """Return the Flask configuration for `environ`, with files under `instance` as the defaults."""
    port = _integer(environ, "PORT", 8000, 1, 65535)
    host = environ.get("HOST") or "127.0.0.1"
    public_url = _url(environ, "PUBLIC_URL", f"http://{host}:{port}", ("http", "https"))
    secure = public_url.startswith("https://")
    return {
        "SECRET_KEY": _secret_key(environ, instance),
        # Keys of before, by which what they sealed can still be read.
        "SECRET_KEY_FALLBACKS": _old_keys(environ),
        "SQLALCHEMY_DATABASE_URI": _database_url(environ, instance),
        "SQLALCHEMY_ENGINE_OPTIONS": {},
        "REDIS_URL": _url(environ, "REDIS_URL", "", ("redis", "rediss", "unix")),
        "STORAGE_URL": _url(environ, "STORAGE_URL", (instance / "storage").as_uri(), ("file", "s3")),
        "BACKUP_URL": _url(environ, "BACKUP_URL", (instance / "backups").as_uri(), ("file", "s3")),
        "BACKUP_SCHEDULE": _choice(environ, "BACKUP_SCHEDULE", "DAILY", ("DAILY", "OFF")),
        "PUBLIC_URL": public_url.rstrip("/"),
        "TRUSTED_PROXIES": _integer(environ, "TRUSTED_PROXIES", 0, 0, 10),
        "LOG_LEVEL": _choice(environ, "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        "SENTRY_DSN": environ.get("SENTRY_DSN", ""),
        "DEMO_PASSWORD": environ.get("DEMO_PASSWORD", ""),
        "MESSAGE_UNCONFIRMED_AFTER": _integer(environ, "MESSAGE_UNCONFIRMED_AFTER", 600, 1),
        "MESSAGE_EXPIRES_AFTER": _integer(environ, "MESSAGE_EXPIRES_AFTER", 86_400, 1),
        "MESSAGE_NO_REPORT_AFTER": _integer(environ, "MESSAGE_NO_REPORT_AFTER", 259_200, 1),
        # Of long jobs, such as imports.
        "WORK_LEASE": _integer(environ, "WORK_LEASE", 60, 1),
        "MESSAGE_LEASE": _integer(environ, "MESSAGE_LEASE", 60, 1),
        # For tests: the console gateway obeys words like [delay 2] in a text.
        "MESSAGE_CONSOLE_ORDERS": _yes_or_no(environ, "MESSAGE_CONSOLE_ORDERS"),
        # Of each user in each organization.
        "RECEIPT_MEGABYTES_A_DAY": _integer(environ, "RECEIPT_MEGABYTES_A_DAY", 2_000, 1),
        # Of each user in each organization, by each web process.
        "API_REQUESTS_PER_MINUTE": _integer(environ, "API_REQUESTS_PER_MINUTE", 600, 1),
        **_providers(environ),
        **_mail(environ),
        **_push(environ, public_url),
        **_wallets(environ),
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        # Browsers take a cookie of the name __Host-… from this very host over HTTPS alone.
        "SESSION_COOKIE_NAME": "__Host-crm_session" if secure else "crm_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        # A sign-in lasts as long on the server, so there is no need to send the cookie with every answer.
        "PERMANENT_SESSION_LIFETIME": 30 * 24 * 3600,
        "SESSION_REFRESH_EACH_REQUEST": False,
        # A till stays open all day: the token lives as long as the session that it is bound to.
        "WTF_CSRF_TIME_LIMIT": None,
        "COMPRESS_MIMETYPES": [
            "text/html",
            "text/css",
            "text/javascript",
            "image/svg+xml",
            "application/json",
            "application/problem+json",
        ],
        "COMPRESS_ALGORITHM": ["gzip"],
        "COMPRESS_LEVEL": 4,
        # Of static files, which a browser asks for once: a seventh less to load than at 3, for 3 ms in all.
        "COMPRESS_ZSTD_LEVEL": 9,
        "SEND_FILE_MAX_AGE_DEFAULT": 365 * 24 * 3600,
    }


def make_secret_key(instance: Path) -> None:
    """Write a random key for a development checkout, readable by its owner alone."""
    path = instance / "secret_key"
    if not path.exists():
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))


def _providers(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what organizations without settings of their own send with."""
    return {
        "TWILIO_ACCOUNT_SID": _text(environ, "TWILIO_ACCOUNT_SID", r"AC[0-9A-Za-z]+", "start with AC"),
        "TWILIO_AUTH_TOKEN": _text(environ, "TWILIO_AUTH_TOKEN", r"[!-~]+", "be one word"),
        "TWILIO_MESSAGING_SERVICE_SID": _text(
            environ, "TWILIO_MESSAGING_SERVICE_SID", r"MG[0-9A-Za-z]+", "start with MG"
        ),
        "TWILIO_API_BASE": _url(environ, "TWILIO_API_BASE", "", ("http", "https")),
        "TWILIO_FROM": _text(environ, "TWILIO_FROM", SMS_SENDER, "be a number like +6281234567890"),
        "TWILIO_WHATSAPP_FROM": _text(
            environ, "TWILIO_WHATSAPP_FROM", rf"(whatsapp:)?({E164})", "be a number like +6281234567890"
        ).removeprefix("whatsapp:"),
        "WHATSAPP_TOKEN": _text(environ, "WHATSAPP_TOKEN", r"[!-~]+", "be one word"),
        "WHATSAPP_PHONE_NUMBER_ID": _text(environ, "WHATSAPP_PHONE_NUMBER_ID", r"\d{1,30}", "be digits alone"),
        "WHATSAPP_APP_SECRET": _text(environ, "WHATSAPP_APP_SECRET", r"[!-~]+", "be one word"),
        "WHATSAPP_VERIFY_TOKEN": _text(environ, "WHATSAPP_VERIFY_TOKEN", r"[!-~]+", "be one word"),
        "WHATSAPP_API_BASE": _url(environ, "WHATSAPP_API_BASE", "", ("http", "https")),
    }


def _mail(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the mail server of organizations without one of their own, and where mail providers are called."""
    return {
        "SMTP_HOST": _text(environ, "SMTP_HOST", HOST_NAME, "be the name of a server, like smtp.shop.example"),
        "SMTP_PORT": str(_integer(environ, "SMTP_PORT", 0, 0, 65535) or ""),
        "SMTP_USERNAME": _text(environ, "SMTP_USERNAME", r"[!-~]+", "be one word"),
        "SMTP_PASSWORD": _text(environ, "SMTP_PASSWORD", r"[ -~]+", "have no letters beyond ASCII"),
        "SMTP_SECURITY": _choice(environ, "SMTP_SECURITY", "STARTTLS", ("STARTTLS", "TLS", "NONE")).lower(),
        "IMAP_HOST": _text(environ, "IMAP_HOST", HOST_NAME, "be the name of a server, like imap.shop.example"),
        "IMAP_PORT": str(_integer(environ, "IMAP_PORT", 0, 0, 65535) or ""),
        "IMAP_USERNAME": _text(environ, "IMAP_USERNAME", r"[!-~]+", "be one word"),
        "IMAP_PASSWORD": _text(environ, "IMAP_PASSWORD", r"[ -~]+", "have no letters beyond ASCII"),
        "IMAP_SECURITY": _choice(environ, "IMAP_SECURITY", "TLS", ("TLS", "STARTTLS", "NONE")).lower(),
        "IMAP_FOLDER": _text(environ, "IMAP_FOLDER", r"[ !#-\[\]-~]{1,200}", "be a name in ASCII without quotes"),
        "BOUNCE_ADDRESS": _text(environ, "BOUNCE_ADDRESS", RETURNS, "be like bounce@shop.example"),
        **{
            f"{provider}_API_BASE": _url(environ, f"{provider}_API_BASE", "", ("http", "https"))
            for provider in ("POSTMARK", "MAILGUN", "SENDGRID", "RESEND")
        },
        "EMAIL_FROM": _text(environ, "EMAIL_FROM", MAILBOX, "be like hello@shop.example or Shop <hello@shop.example>"),
    }


def _push(environ: Mapping[str, str], public_url: str) -> dict[str, str]:
    """Return the keys of web push; without a private key there is none."""
    private = _text(environ, "VAPID_PRIVATE_KEY", VAPID_KEY, "be what this prints: flask --app wsgi push keys")
    if private and not 0 < int.from_bytes(base64.urlsafe_b64decode(f"{private}="), "big") < P256_ORDER:
        raise ConfigError("VAPID_PRIVATE_KEY has to be what this prints: flask --app wsgi push keys")
    rule = "be a real address like mailto:owner@shop.example or https://shop.example"
    subject = _text(environ, "VAPID_SUBJECT", CONTACT, rule)
    if private and not subject:
        # Push services refuse messages of senders that they can't write to.
        if not re.fullmatch(CONTACT, public_url, re.ASCII):
            raise ConfigError(f"VAPID_SUBJECT has to {rule}.")
        subject = public_url
    # For tests: a push service on this machine.
    origin = _text(environ, "PUSH_TEST_ORIGIN", r"http://127\.0\.0\.1:\d{1,5}", "be like http://127.0.0.1:4000")
    return {"VAPID_PRIVATE_KEY": private, "VAPID_SUBJECT": subject, "PUSH_TEST_ORIGIN": origin}


def _wallets(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the certificates of wallets, each a path, or the file itself in base64 or PEM."""
    return {
        "APPLE_PASS_CERTIFICATE": _file(environ, "APPLE_PASS_CERTIFICATE"),
        "APPLE_PASS_KEY": _file(environ, "APPLE_PASS_KEY"),
        "APPLE_PASS_KEY_PASSWORD": environ.get("APPLE_PASS_KEY_PASSWORD", ""),
        "APPLE_WWDR_CERTIFICATE": _file(environ, "APPLE_WWDR_CERTIFICATE"),
        "GOOGLE_WALLET_ISSUER_ID": _text(environ, "GOOGLE_WALLET_ISSUER_ID", r"\d{1,30}", "be digits alone"),
        "GOOGLE_WALLET_SERVICE_ACCOUNT": _file(environ, "GOOGLE_WALLET_SERVICE_ACCOUNT"),
        # For tests: Google on this machine.
        "GOOGLE_WALLET_TEST_ORIGIN": _text(
            environ, "GOOGLE_WALLET_TEST_ORIGIN", r"http://127\.0\.0\.1:\d{1,5}", "be like http://127.0.0.1:4000"
        ),
    }


def _file(environ: Mapping[str, str], name: str) -> bytes:
    """Return a file's content: of a path, or as it stands in the variable, in base64 or as PEM or JSON."""
    value = environ.get(name, "").strip()
    if value.startswith(("-----BEGIN", "{")):
        return value.encode()
    with contextlib.suppress(OSError, ValueError):  # a name that is too long, or has a zero in it, is no path
        if Path(value).is_file():
            return Path(value).read_bytes()
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except ValueError:
        raise ConfigError(f"{name} has to be the path of a file that can be read, or the file in base64.") from None


def _secret_key(environ: Mapping[str, str], instance: Path) -> str:
    key = environ.get("SECRET_KEY", "")
    file = instance / "secret_key"
    if not key and "SECRET_KEY" not in environ and file.exists():
        key = file.read_text().strip()
    if len(key) < SECRET_KEY_MIN or len(set(key)) < 8:
        raise ConfigError(
            f"SECRET_KEY is missing or weak. Set it to at least {SECRET_KEY_MIN} random characters, for example "
            'from: python3 -c "import secrets; print(secrets.token_hex(32))"'
        )
    return key


def _old_keys(environ: Mapping[str, str]) -> list[str]:
    keys = [key for key in environ.get("SECRET_KEY_FALLBACKS", "").split(",") if key]
    if any(len(key) < SECRET_KEY_MIN for key in keys):
        raise ConfigError("SECRET_KEY_FALLBACKS has to be earlier values of SECRET_KEY, with commas between them.")
    return keys


def _database_url(environ: Mapping[str, str], instance: Path) -> str:
    url = environ.get("DATABASE_URL") or f"sqlite:///{instance / 'crm.db'}"
    scheme, _, rest = url.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and rest:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return url
    raise ConfigError("DATABASE_URL has to start with postgres:// or be a file like sqlite:////data/crm.db.")


def _url(environ: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]) -> str:
    url = environ.get(name) or default
    if url and urlsplit(url).scheme not in schemes:
        raise ConfigError(f"{name} has to start with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
    return url


def _text(environ: Mapping[str, str], name: str, pattern: str, rule: str) -> str:
    value = environ.get(name, "").strip()
    if value and not re.fullmatch(pattern, value, re.ASCII):
        raise ConfigError(f"{name} has to {rule}.")  # the value may be a secret, so it is not repeated
    return value


def _integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int = 10**9) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise ConfigError(f"{name} has to be a whole number from {low} to {high}, not {text!r}.")
    return int(text)


def _yes_or_no(environ: Mapping[str, str], name: str) -> bool:
    value = (environ.get(name) or "0").lower()
    if value not in ("1", "yes", "true", "0", "no", "false"):
        raise ConfigError(f"{name} has to be 1 or 0, not {value!r}.")
    return value in ("1", "yes", "true")


def _choice(environ: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = (environ.get(name) or default).upper()
    if value not in choices:
        raise ConfigError(f"{name} has to be one of {', '.join(choices)}, not {value!r}.")
    return value
