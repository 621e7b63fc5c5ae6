"""Settings from the environment: good ones are understood, malformed ones stop the start and are named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import config
from crm import create_app
from crm.accounts.rules import setup_code
from tests.servers import ROOT

KEY = "0123456789abcdefghijklmnop"


def load(tmp_path: Path, **environ: str) -> dict[str, object]:
    return config.load({"SECRET_KEY": KEY, **environ}, tmp_path)


def test_without_settings_everything_is_on_this_machine(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path / 'crm.db'}"
    assert settings["STORAGE_URL"] == (tmp_path / "storage").as_uri()
    assert settings["REDIS_URL"] == ""
    assert settings["PUBLIC_URL"] == "http://127.0.0.1:8000"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_understood(tmp_path: Path, scheme: str) -> None:
    settings = load(tmp_path, DATABASE_URL=f"{scheme}://crm:secret@db.example/crm")
    assert settings["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://crm:secret@db.example/crm"


MALFORMED = {
    "SECRET_KEY": ["", "short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababababababab"],
    "DATABASE_URL": ["mysql://db/crm", "crm.db", "sqlite://", "sqlite:///", "postgres://"],
    "REDIS_URL": ["localhost:6379", "http://redis"],
    "STORAGE_URL": ["/data", "ftp://files"],
    "PUBLIC_URL": ["crm.example", "ftp://crm.example"],
    "PORT": ["0", "65536", "http", "-1", "80.5", "٨٠"],
    "TRUSTED_PROXIES": ["yes", "-1", "11"],
    "LOG_LEVEL": ["LOUD"],
    "MESSAGE_UNCONFIRMED_AFTER": ["0", "ten"],
    "MESSAGE_EXPIRES_AFTER": ["0", "1e3"],
    "MESSAGE_NO_REPORT_AFTER": ["-5"],
    "MESSAGE_LEASE": ["0"],
    "WORK_LEASE": ["0"],
    "MESSAGE_CONSOLE_ORDERS": ["on", "2"],
    "TWILIO_ACCOUNT_SID": ["SK0123", "AC 01", "AC"],
    "TWILIO_AUTH_TOKEN": ["two words", "t\u00f6ken"],
    "TWILIO_MESSAGING_SERVICE_SID": ["AC01"],
    "TWILIO_API_BASE": ["api.twilio.com"],
    "TWILIO_FROM": ["+0", "a name that is too long", "sms:+6281234567890"],
    "TWILIO_WHATSAPP_FROM": ["081234", "Shop", "whatsapp:"],
    "WHATSAPP_TOKEN": ["two words"],
    "WHATSAPP_PHONE_NUMBER_ID": ["+6281234567890", "me"],
    "WHATSAPP_APP_SECRET": ["two words"],
    "WHATSAPP_VERIFY_TOKEN": ["two words"],
    "WHATSAPP_API_BASE": ["graph.facebook.com"],
    "SMTP_HOST": ["smtp://mail", "two words", "mail:25"],
    "SMTP_PORT": ["70000", "smtp"],
    "SMTP_USERNAME": ["two words"],
    "SMTP_PASSWORD": ["p\u00e4ss"],
    "SMTP_SECURITY": ["ssl"],
    "IMAP_HOST": ["imaps://mail", "two words", "mail:993"],
    "IMAP_PORT": ["70000", "imap"],
    "IMAP_USERNAME": ["two words"],
    "IMAP_PASSWORD": ["p\u00e4ss"],
    "IMAP_SECURITY": ["ssl"],
    "IMAP_FOLDER": ['a "folder"', "R\u00fcckl\u00e4ufer", "a\\\\b"],
    "BOUNCE_ADDRESS": ["bounce", "bounce+a@toko.test", "a-name-that-is-much-too-long@toko.test", "B <b@toko.test>"],
    "EMAIL_FROM": ["hello", "a@b@c", '"A" <a@b.test>'],
    "SECRET_KEY_FALLBACKS": ["short", "x,y"],
    "VAPID_PRIVATE_KEY": ["short", "A" * 43, f"{'_' * 42}8", "A" * 44, f"{'B' * 42}B"],
    "VAPID_SUBJECT": ["owner@shop.example", "mailto:owner@localhost", "http://shop.example", "https://localhost"],
    "PUSH_TEST_ORIGIN": ["http://push.example", "https://127.0.0.1:4000", "http://127.0.0.1"],
    "APPLE_PASS_CERTIFICATE": ["/no/such/file.pem", "no-base64!"],
    "APPLE_PASS_KEY": ["/no/such/file.pem", "\0"],
    "APPLE_WWDR_CERTIFICATE": ["wwdr.cer"],
    "GOOGLE_WALLET_ISSUER_ID": ["me", "12 34"],
    "GOOGLE_WALLET_SERVICE_ACCOUNT": ["account.json"],
    "GOOGLE_WALLET_TEST_ORIGIN": ["https://walletobjects.googleapis.com"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values])
def test_a_malformed_value_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(config.ConfigError, match=name):
        load(tmp_path, **{name: value})


def test_a_secret_is_not_repeated_when_it_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError) as raised:
        load(tmp_path, TWILIO_AUTH_TOKEN="my secret")
    assert "my secret" not in str(raised.value)


def test_a_number_may_say_its_channel(tmp_path: Path) -> None:
    assert load(tmp_path, TWILIO_WHATSAPP_FROM="whatsapp:+15005550006")["TWILIO_WHATSAPP_FROM"] == "+15005550006"


VAPID_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"


def test_whom_push_services_may_write_to_is_the_public_page_if_nobody_is_named(tmp_path: Path) -> None:
    public = {"VAPID_PRIVATE_KEY": VAPID_KEY, "PUBLIC_URL": "https://crm.shop.example"}
    assert load(tmp_path, **public)["VAPID_SUBJECT"] == "https://crm.shop.example"
    named = load(tmp_path, **public, VAPID_SUBJECT="mailto:owner@shop.example")
    assert named["VAPID_SUBJECT"] == "mailto:owner@shop.example"
    with pytest.raises(config.ConfigError, match="VAPID_SUBJECT"):
        load(tmp_path, VAPID_PRIVATE_KEY=VAPID_KEY)
    assert load(tmp_path)["VAPID_PRIVATE_KEY"] == ""


def test_a_certificate_is_a_path_or_stands_in_the_variable(tmp_path: Path) -> None:
    path = tmp_path / "pass.cer"
    path.write_bytes(b"\x30\x82\x01")
    assert load(tmp_path, APPLE_PASS_CERTIFICATE=str(path))["APPLE_PASS_CERTIFICATE"] == b"\x30\x82\x01"
    assert load(tmp_path, APPLE_PASS_CERTIFICATE="MIIB")["APPLE_PASS_CERTIFICATE"] == b"0\x82\x01"
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    assert load(tmp_path, APPLE_PASS_CERTIFICATE=f"{pem}\n")["APPLE_PASS_CERTIFICATE"] == pem.encode()
    assert load(tmp_path)["APPLE_PASS_CERTIFICATE"] == b""


def test_a_malformed_value_stops_the_start_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "org", "list"],
        env={"SECRET_KEY": KEY, "PORT": "http"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "PORT has to be a whole number" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_storage_that_cannot_be_opened_stops_the_start(tmp_path: Path) -> None:
    environ = {"SECRET_KEY": KEY, "STORAGE_URL": "s3://"}

    with pytest.raises(config.ConfigError, match="STORAGE_URL needs the name of a bucket"):
        create_app(environ, tmp_path)


def test_a_key_made_for_development_is_kept_and_private(tmp_path: Path) -> None:
    config.make_secret_key(tmp_path)
    first = config.load({}, tmp_path)["SECRET_KEY"]
    config.make_secret_key(tmp_path)
    assert config.load({}, tmp_path)["SECRET_KEY"] == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_key_of_the_checkout_does_not_stand_in_for_an_empty_one(tmp_path: Path) -> None:
    config.make_secret_key(tmp_path)
    with pytest.raises(config.ConfigError, match="SECRET_KEY"):
        config.load({"SECRET_KEY": ""}, tmp_path)


def test_behind_https_the_cookie_is_bound_to_it(tmp_path: Path) -> None:
    plain, tls = load(tmp_path), load(tmp_path, PUBLIC_URL="https://crm.example/")
    assert (plain["SESSION_COOKIE_SECURE"], plain["SESSION_COOKIE_NAME"]) == (False, "crm_session")
    assert (tls["SESSION_COOKIE_SECURE"], tls["SESSION_COOKIE_NAME"]) == (True, "__Host-crm_session")
    assert tls["PUBLIC_URL"] == "https://crm.example"
    assert plain["SESSION_COOKIE_HTTPONLY"]
    assert plain["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_another_key_means_another_set_up_code() -> None:
    assert setup_code(KEY) != setup_code(KEY + "x")
