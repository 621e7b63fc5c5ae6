"""Commands for messages."""

from __future__ import annotations

import json
from collections import Counter

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from crm.accounts.cli import find_organization
from crm.accounts.models import Organization
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages import queries
from crm.messages.rules import Status

messages = AppGroup("messages", help="Messages.")


@messages.command("counts")
@click.option("--organization", metavar="SLUG", help="Count this organization's messages.")
@click.option("--all", "everywhere", is_flag=True, help="Count the messages of all organizations (the default).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def counts(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Say how many messages are in each status."""
    if organization and everywhere:
        raise click.ClickException("Use --organization or --all, not both.")
    if organization:
        ids = [find_organization(organization).id]
    else:
        ids = list(db.session.scalars(sa.select(Organization.id).order_by(Organization.id)))
    total = Counter({status.value: 0 for status in Status})
    for organization_id in ids:
        with use_organization(organization_id):
            total.update(queries.counts())
    if as_json:
        click.echo(json.dumps(total))
        return
    for status, number in total.items():
        click.echo(f"{status:<12} {number}")
