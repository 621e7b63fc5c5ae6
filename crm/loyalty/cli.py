from __future__ import annotations

import json
from collections import Counter

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, of_organizations, print_differences
from crm.loyalty import nightly, queries, services

loyalty = AppGroup("loyalty", help="Points and tiers.")


@loyalty.command("verify")
@of_organizations("points")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Say where points, tiers and the ledger do not agree; exit code 1 when they don't."""
    slugs = chosen_organizations(organization, everywhere)
    print_differences(
        slugs, queries.differences, as_json=as_json, all_right="All points and tiers are what the entries say."
    )


@loyalty.command("expire")
@of_organizations("points")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def expire(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """End the points that are past their date, and find anew the tiers that change; what is done is done once."""
    found: Counter[str] = Counter(lots=0, points=0, customers=0, tiers=0, notices=0)
    for _ in chosen_organizations(organization, everywhere):
        found.update(nightly.expire())
    if as_json:
        click.echo(json.dumps(dict(found)))
        return
    click.echo(f"{found['points']} points of {found['customers']} customers ended. {found['tiers']} tiers changed.")


@loyalty.command("rebuild")
@of_organizations("points")
def rebuild(organization: str | None, everywhere: bool) -> None:
    """Make points and tiers what the entries say."""
    number = 0
    for _ in chosen_organizations(organization, everywhere):
        wrong = sorted({difference.customer_id for difference in queries.differences()})
        number += sum(services.rebuild(customer_id) for customer_id in wrong)
    click.echo(f"{number} customer{' is' if number == 1 else 's are'} put right.")
