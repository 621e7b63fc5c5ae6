"""The OpenAPI document: it is whole, and what it says is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.kernel.roles import API
from tests.factories import Cast, make_branch, make_customer, make_invoice, make_reward, make_segment
from tests.product import RunningApp
from tests.servers import BIN

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EXAMPLES, LONG_EXAMPLES = 2, 20
"""How many requests are made up for each operation, besides those that its schema asks for."""


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Settings without a limit of requests that the run would reach."""
    return {**environ, "API_REQUESTS_PER_MINUTE": "1000000", "WEB_CONCURRENCY": "2"}


def test_every_operation_is_in_it(app: Flask, client: FlaskClient) -> None:
    document: Any = client.get("/api/openapi.json").json
    assert document["openapi"] == "3.1.0"
    shapes = document["components"]["schemas"]
    assert [name for name in shapes if name[-1].isdigit()] == [], "a shape that is made twice gets a second name"
    found = {
        (path, method.upper())
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    there = {
        (rule.rule.replace("<id:", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(API)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert found == there
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method != "parameters":
                assert operation["summary"], operation
                assert operation["tags"] != ["api"], operation
                assert "429" in operation["responses"]


def test_the_page_shows_every_operation_and_shape(client: FlaskClient) -> None:
    document: Any = client.get("/api/openapi.json").json
    response = client.get("/api/docs")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "Set-Cookie" not in response.headers
    for path, operations in document["paths"].items():
        assert f"<code>{path}</code>" in response.text
        for method, operation in operations.items():
            if method != "parameters":
                assert f'id="{operation["operationId"]}"' in response.text
    links = set(re.findall(r'href="#([^"]+)"', response.text))
    assert links <= set(re.findall(r'id="([^"]+)"', response.text)) | {"main"}


@pytest.mark.parametrize("examples", [EXAMPLES, pytest.param(LONG_EXAMPLES, marks=pytest.mark.long)])
def test_what_it_says_is_so(running_app: RunningApp, app: Flask, cast: Cast, tmp_path: Path, examples: int) -> None:
    """Every check of schemathesis, over every operation: as the document says, and in every way it does not."""
    with cast.owner.acting():
        customer = make_customer(name="Siti", phone="0812 3456 7890", email="siti@example.com")
        make_invoice(customer)
        known = {"customer": customer, "other customer": make_customer(), "branch": make_branch()}
        known |= {"reward": make_reward(), "other reward": make_reward(), "segment": make_segment()}
    known["organization"] = cast.owner.organization_id
    known["user"] = cast.manager.user_id
    done = subprocess.run(
        [
            *(
                str(BIN / "schemathesis"),
                "--config-file",
                str(Path(__file__).with_name("schemathesis.toml")),
                "run",
                f"{running_app.url}/api/openapi.json",
                "--checks",
                "all",
            ),
            *("--max-examples", str(examples), "--seed", "1", "--suppress-health-check", "all"),
            *(f"--header={name}:{value}" for name, value in cast.owner.token().items() if name == "Authorization"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks",
            "PYTHONPATH": str(Path.cwd()),
            "KNOWN_IDS": json.dumps(known),
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
