"""An archive of each format, made when the format was new, is restored for ever, on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.models import Customer
from crm.invoices.models import Receipt
from crm.kernel import storage
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from tests.backups.conftest import Run, manifest

ARCHIVES = sorted(Path(__file__).parent.glob("format-*.zip"))


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: path.stem)
def test_old_archives_are_restored(app: Flask, run: Run, path: Path) -> None:
    result = run("restore", path, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.output)
    rows = {name: table["rows"] for name, table in manifest(path)["tables"].items()}
    assert said["rows"] == dict.fromkeys(said["rows"], 0) | rows, "a table of later is empty"
    assert said["corrected"] == []
    with app.app_context(), use_organization(said["id"]):
        assert len(db.session.scalars(sa.select(Customer)).all()) == said["rows"]["customers"]
        for receipt in db.session.scalars(sa.select(Receipt)):
            assert storage.current().exists(receipt.original_key)
    for command in ("loyalty", "stats", "invoices"):
        assert app.test_cli_runner().invoke(args=[command, "verify"]).exit_code == 0


def test_there_is_one_of_each_format() -> None:
    assert [manifest(path)["format"] for path in ARCHIVES] == [1]
