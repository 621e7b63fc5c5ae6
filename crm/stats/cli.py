"""Commands for the figures."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from crm.accounts.cli import each_organization
from crm.stats import queries, services

stats = AppGroup("stats", help="Totals of customers.")
GROUPS = (stats,)


@stats.command("verify")
@click.option("--organization", metavar="SLUG", help="Look at this organization's totals.")
@click.option("--all", "everywhere", is_flag=True, help="Look at the totals of all organizations (the default).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Compare the totals with a count of the customers, and say each difference; exit code 1 on any."""
    found = [
        (slug, difference)
        for slug in each_organization(organization, everywhere)
        for difference in queries.differences()
    ]
    if as_json:
        click.echo(json.dumps({"differences": [{"organization": slug, **row._asdict()} for slug, row in found]}))
    else:
        for slug, difference in found:
            click.echo(f"{slug}: {difference.sentence}")
        if not found:
            click.echo("All totals are what the customers make.")
    if found:
        raise SystemExit(1)


@stats.command("rebuild")
@click.option("--organization", metavar="SLUG", help="Count this organization's customers.")
@click.option("--all", "everywhere", is_flag=True, help="Count the customers of all organizations (the default).")
def rebuild(organization: str | None, everywhere: bool) -> None:
    """Count the customers anew where the totals are wrong."""
    number = sum(services.rebuild() for _ in each_organization(organization, everywhere))
    click.echo(f"The totals of {number} organization{'' if number == 1 else 's'} are put right.")
