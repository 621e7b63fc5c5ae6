"""Commands for demo data."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, find_organization
from crm.accounts.queries import branches, current_organization
from crm.demo import cleaner, generator, loader, samples, shop
from crm.kernel.columns import db_now
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization

GENERATED = "generated"

demo = AppGroup("demo", help="Demo data.")


@demo.command("load")
@click.option(
    "--customers", type=click.IntRange(0), metavar="N", help="Generated customers; as many as messages if left out."
)
@click.option("--messages", type=click.IntRange(0), metavar="M", help="SMS to them, spread evenly.")
@click.option("--due-in", type=int, default=0, metavar="SECONDS", help="When the messages are due; may be negative.")
@click.option("--organization", metavar="SLUG", help="Where to; demo if left out.")
def load(customers: int | None, messages: int | None, due_in: int, organization: str | None) -> None:
    """Load a small lively shop, or with numbers that many generated customers and messages.

    What is there stays. The organizations demo and demo-travel, with the users demo and traveller, are made when
    they are missing; their password is DEMO_PASSWORD, else a random one that is printed.
    """
    if customers is None and messages is None:
        _load_shop(organization)
    else:
        count = messages or 0 if customers is None else customers
        _load_generated(organization or shop.DEMO, count, messages or 0, due_in)


@demo.command("clear")
def clear() -> None:
    """Remove the demo customers with all that hangs on them; organizations and users stay.

    What people added to a demo customer (messages, invoices, receipts) goes with the customer. Customers that
    people entered themselves stay, and those of the page's sample customers whom somebody worked with.
    """
    removed = 0
    for _slug in chosen_organizations(None, everywhere=True):
        removed += samples.remove().number
    removed += cleaner.clear()
    click.echo(f"Removed {removed:,} demo customers. Organizations and users are still there.")


def _load_shop(organization: str | None) -> None:
    password = secrets.token_urlsafe(9)
    for slug in [organization] if organization else [one.slug for one in shop.SHOPS]:
        with _in_organization(slug, password):
            loaded = shop.load(slug)
        click.echo(f"{slug}: {loaded} customers loaded." if loaded else f"{slug}: the shop is there already.")


def _load_generated(slug: str, customers: int, messages: int, due_in: int) -> None:
    if messages and not customers:
        raise click.UsageError("Messages need customers: leave --customers out, or make it 1 or more.")
    with _in_organization(slug, secrets.token_urlsafe(9)):
        due_at = db.session.scalars(sa.select(db_now())).one() + dt.timedelta(seconds=due_in)
        region, first = current_organization().phone_region, loader.count(GENERATED)
        branch_ids = sorted(branch.id for branch in branches())
        rows = generator.customers(region, first, customers, messages, due_at, branch_ids)
        try:
            loader.load(GENERATED, rows, _Progress(customers))
        except generator.NoMoreNumbersError as error:
            raise click.ClickException(str(error)) from None
        loader.refresh_statistics()
    click.echo(f"{slug}: {customers:,} customers and {messages:,} messages loaded.")


@contextmanager
def _in_organization(slug: str, random_password: str) -> Iterator[None]:
    if shop.is_demo(slug):
        password = current_app.config["DEMO_PASSWORD"]
        username = shop.set_up(slug, password or random_password)
        if username and not password:
            click.echo(f"{slug}: sign in as {username}, password {random_password}")
    with use_organization(find_organization(slug).id):
        yield


class _Progress:
    def __init__(self, total: int) -> None:
        self._total = total
        self._printed_at = time.monotonic()

    def __call__(self, loaded: int) -> None:
        now = time.monotonic()
        if now - self._printed_at > 2:
            self._printed_at = now
            click.echo(f"{loaded:,} of {self._total:,} customers", err=True)
