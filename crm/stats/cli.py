from __future__ import annotations

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, of_organizations, print_differences
from crm.stats import queries, services

stats = AppGroup("stats", help="Totals of customers.")


@stats.command("verify")
@of_organizations("totals")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Compare the totals with a count of the customers, and say each difference; exit code 1 on any."""
    slugs = chosen_organizations(organization, everywhere)
    print_differences(slugs, queries.differences, as_json=as_json, all_right="All totals are what the customers make.")


@stats.command("rebuild")
@of_organizations("totals")
def rebuild(organization: str | None, everywhere: bool) -> None:
    """Count the customers anew where the totals are wrong."""
    number = sum(services.rebuild() for _ in chosen_organizations(organization, everywhere))
    click.echo(f"The totals of {number} organization{'' if number == 1 else 's'} are put right.")
