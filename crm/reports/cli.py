"""Commands for scores, and for totals of customers."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, of_organizations, print_differences
from crm.reports import customer_totals, recompute_totals, services

scores = AppGroup("scores", help="Scores of customers.")
stats = AppGroup("stats", help="Totals of customers.")


@scores.command("verify")
@of_organizations("scores")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Say where scores are not what the invoices make as of their day; exit code 1 then."""
    slugs = chosen_organizations(organization, everywhere)
    print_differences(slugs, services.differences, as_json=as_json, all_right="All scores are what the invoices make.")


@scores.command("rebuild")
@of_organizations("scores")
def rebuild(organization: str | None, everywhere: bool) -> None:
    """Compute the scores as of today."""
    number = sum(services.rebuild() or 0 for _ in chosen_organizations(organization, everywhere))
    click.echo(f"{number} customer{' has' if number == 1 else 's have'} scores.")


@stats.command("verify")
@of_organizations("totals")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_totals(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Compare the totals with a count of the customers, and say each difference; exit code 1 on any."""
    slugs = chosen_organizations(organization, everywhere)
    found = customer_totals.differences
    print_differences(slugs, found, as_json=as_json, all_right="All totals are what the customers make.")


@stats.command("rebuild")
@of_organizations("totals")
def rebuild_totals(organization: str | None, everywhere: bool) -> None:
    """Count the customers anew where the totals are wrong."""
    number = sum(recompute_totals.rebuild() for _ in chosen_organizations(organization, everywhere))
    click.echo(f"The totals of {number} organization{'' if number == 1 else 's'} are put right.")
