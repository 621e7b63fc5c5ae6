from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from crm.web_push import vapid

push = AppGroup("push", help="Notices on the phones of customers.")


@push.command("keys")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def keys(as_json: bool) -> None:
    """Make a pair of keys, and print what goes into the environment; new keys end every subscription."""
    private = vapid.new_private_key()
    public = vapid.read_keys(private, "").public
    if as_json:
        click.echo(json.dumps({"private_key": private, "public_key": public}))
        return
    click.echo(f"VAPID_PRIVATE_KEY={private}")
    click.echo("VAPID_SUBJECT=mailto:owner@shop.example")
    click.echo(
        f"Set both for the web process and the worker, the second to your own address or page. The public key is "
        f"{public}. New keys end every subscription: customers have to allow notices again.",
        err=True,
    )
