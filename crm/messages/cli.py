"""Commands for messages."""

from __future__ import annotations

import json
from collections import Counter

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations
from crm.messages import queries
from crm.messages.rules import Status

messages = AppGroup("messages", help="Messages.")


@messages.command("counts")
@click.option("--organization", metavar="SLUG", help="Count this organization's messages.")
@click.option("--all", "everywhere", is_flag=True, help="Count the messages of all organizations (the default).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def counts(organization: str | None, everywhere: bool, as_json: bool) -> None:
    """Say how many messages are in each status."""
    total = Counter({status.value: 0 for status in Status})
    for _ in chosen_organizations(organization, everywhere):
        total.update(queries.counts())
    if as_json:
        click.echo(json.dumps(total))
        return
    for status, number in total.items():
        click.echo(f"{status:<12} {number}")
