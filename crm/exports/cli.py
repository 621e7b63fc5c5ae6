"""Commands for exports."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click

from crm.accounts.cli import chosen_organizations
from crm.customers.cli import customers
from crm.exports import services
from crm.exports.formats import OF_LISTS, Format


@customers.command("export")
@click.option("--organization", required=True, metavar="SLUG")
@click.option("--format", "format_", type=click.Choice([name.value for name in OF_LISTS]), required=True)
@click.option(
    "--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Instead of printing it."
)
def export_customers(organization: str, format_: str, output: Path | None) -> None:
    """Write all customers that are not archived as a file."""
    for _slug in chosen_organizations(organization, False):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export"
            rows = services.write_file("customers", Format(format_), path)
            if output is None:
                with path.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
            else:
                _put(path, output)
                click.echo(f"{rows:,} customers in {output}.", err=True)


def _put(path: Path, output: Path) -> None:
    """Write the file where it is wanted; ClickException where that can't be."""
    try:
        shutil.copyfile(path, output)
    except OSError as error:
        raise click.ClickException(f"{output} can't be written: {error.strerror}.") from None
