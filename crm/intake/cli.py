"""Commands for collection."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, of_organizations
from crm.intake import services
from crm.intake.rules import CUTOFF_DAYS, MAX_CUTOFF_DAYS

collection = AppGroup("collection", help="Customers from leads, bookings and area customers.")


@collection.command("scan")
@click.option(
    "--cutoff-days",
    type=click.IntRange(1, MAX_CUTOFF_DAYS),
    default=CUTOFF_DAYS,
    show_default=True,
    help="Look at records of so many days.",
)
@of_organizations("records")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scan(cutoff_days: int, organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Take in whom the records of the last days tell of, and say how many customers that created and updated."""
    created = updated = 0
    for slug in chosen_organizations(organization, everywhere):
        found = services.scan_to_the_end(cutoff_days)
        created, updated = created + found.created, updated + found.updated
        if not as_json:
            click.echo(f"{slug}: {found.created} created, {found.updated} updated.")
    if as_json:
        click.echo(json.dumps({"created": created, "updated": updated}))
