"""Commands: import a file of customers, and undo an import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from crm.accounts.cli import find_organization
from crm.accounts.models import Organization
from crm.customers.cli import customers
from crm.imports import queries, services
from crm.imports.models import Import
from crm.imports.states import ImportState, Mode, UndoOutcome
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization

NOT_RECOGNISED = "It is not clear which column is which: {columns}. Choose them in the CRM, under Imports."


@customers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organization", required=True, metavar="SLUG")
@click.option("--dry-run", is_flag=True, help="Check alone, and write nothing.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.ADD.value,
    show_default=True,
    help="add: new ones, and blanks of those who are there. overwrite: also their other fields. "
    "new: only new ones. existing: only those who are there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_file(file: Path, organization: str, dry_run: bool, mode: str, as_json: bool) -> None:
    """Import the customers of FILE: every row is checked before anything is written."""
    with use_organization(find_organization(organization).id), file.open("rb") as content:
        try:
            options = services.Options(Mode(mode))
            row = services.create(file.name, content, options, in_foreground=True)
            row = services.run_check(row.id)
            _refuse(row)
            if not dry_run:
                row = services.run_commit(row.id)
        except SentenceError as error:
            raise click.ClickException(str(error)) from None
        _print(queries.sums(row), as_json=as_json)


@customers.command("import-undo")
@click.argument("import_id", type=click.IntRange(1, 2**63 - 1), metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def undo_import(import_id: int, as_json: bool) -> None:
    """Undo the import ID: what was changed since stays, and is named."""
    with use_organization(_organization_of(import_id)):
        row = db.session.get_one(Import, import_id)
        if row.state not in queries.COMMITTED:
            raise click.ClickException("There is nothing to undo: nothing is imported yet.")
        if row.changed and not row.can_be_undone and row.state not in (ImportState.UNDOING, ImportState.UNDONE):
            raise click.ClickException("This import is over 30 days ago, so it stays.")
        if row.changed:
            row = services.run_undo(import_id)
        found: dict[str, Any] = {outcome.value: row.undone.get(outcome.value, 0) for outcome in UndoOutcome}
        kept = [
            {"customer": each.customer_id, "name": each.name, "reason": each.reason}
            for each in queries.kept_rows(import_id)
        ]
    if as_json:
        click.echo(json.dumps({**found, "rows": kept}))
        return
    click.echo(", ".join(f"{count} {name}" for name, count in found.items()) + ".")
    for each in kept:
        click.echo(f"{each['name'] or 'a customer'} ({each['customer']}): {each['reason']}")


def _refuse(row: Import) -> None:
    """Raise ClickException for a file that can't be checked."""
    if row.state == ImportState.FAILED:
        raise click.ClickException(row.reason)
    if row.state == ImportState.RECOGNISED:
        columns = ", ".join(filter(None, row.headers)) or "there are no headers"
        raise click.ClickException(NOT_RECOGNISED.format(columns=columns))


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    counts = ", ".join(f"{count} {name}" for name, count in found.items() if name not in ("id", "rows"))
    click.echo(f"Import {found['id']}: {found['rows']} rows: {counts}.")


def _organization_of(import_id: int) -> int:
    """Look for an import in all organizations: each is seen from inside alone."""
    for organization_id in db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all():
        with use_organization(organization_id):
            if db.session.get(Import, import_id) is not None:
                return organization_id
    raise click.ClickException(f"There is no import {import_id}.")
