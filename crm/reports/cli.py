"""Commands for scores."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, of_organizations, print_differences
from crm.reports import services

scores = AppGroup("scores", help="Scores of customers.")


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
