"""Commands for points."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from crm.accounts.cli import each_organization
from crm.loyalty import queries, services

loyalty = AppGroup("loyalty", help="Points and tiers.")
GROUPS = (loyalty,)


@loyalty.command("verify")
@click.option("--organization", metavar="SLUG", help="Look at this organization's customers.")
@click.option("--all", "everywhere", is_flag=True, help="Look at the customers of all organizations (the default).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Say where points, tiers and the ledger do not agree; exit code 1 when they don't."""
    found = [
        {"organization": slug, "customer": difference.customer_id, "difference": difference.sentence}
        for slug in each_organization(organization, everywhere)
        for difference in queries.differences()
    ]
    if as_json:
        click.echo(json.dumps({"differences": found}))
    else:
        for row in found:
            click.echo(f"{row['organization']}: customer {row['customer']} {row['difference']}")
        if not found:
            click.echo("All points and tiers are what the entries say.")
    if found:
        raise SystemExit(1)


@loyalty.command("rebuild")
@click.option("--organization", metavar="SLUG", help="Put this organization's customers right.")
@click.option("--all", "everywhere", is_flag=True, help="Put the customers of all organizations right (the default).")
def rebuild(organization: str | None, everywhere: bool) -> None:
    """Make points and tiers what the entries say."""
    number = 0
    for _ in each_organization(organization, everywhere):
        wrong = sorted({difference.customer_id for difference in queries.differences()})
        number += sum(services.rebuild(customer_id) for customer_id in wrong)
    click.echo(f"{number} customer{' is' if number == 1 else 's are'} put right.")
