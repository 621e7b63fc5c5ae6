"""Commands for invoices."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, of_organizations, print_differences
from crm.invoices import queries, services

invoices = AppGroup("invoices", help="Invoices, and the totals of customers.")


@invoices.command("verify")
@of_organizations("totals")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Say where customers' orders, money spent and last order are not what their invoices say; exit code 1 then."""
    slugs = chosen_organizations(organization, everywhere)
    print_differences(slugs, queries.differences, as_json=as_json, all_right="All orders are what the invoices say.")


@invoices.command("rebuild")
@of_organizations("totals")
def rebuild(organization: str | None, everywhere: bool) -> None:
    """Make orders, money spent and last order what the invoices say."""
    number = 0
    for _ in chosen_organizations(organization, everywhere):
        wrong = sorted({difference.customer_id for difference in queries.differences()})
        number += sum(services.rebuild(customer_id) for customer_id in wrong)
    click.echo(f"{number} customer{' is' if number == 1 else 's are'} put right.")
