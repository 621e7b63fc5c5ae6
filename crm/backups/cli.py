"""Commands for backups."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from crm.accounts.cli import find_organization
from crm.backups import services
from crm.backups.restore import restore as restore_archive
from crm.backups.rules import ArchiveError, Contents
from crm.kernel.db import database_now

backup = AppGroup("backup", help="Backups of organizations, and their restore.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
a_file = click.argument("file", type=click.Path(path_type=Path))


@backup.command("create")
@click.option("--organization", metavar="SLUG", help="The organization to back up.")
@click.option("--output", type=click.Path(path_type=Path), help="The file to write; it must not be there yet.")
@as_json
def create(organization: str | None, output: Path | None, as_json: bool) -> None:
    """Write and verify an archive of an organization."""
    if organization is None:
        raise click.ClickException("Say which organization: --organization SLUG.")
    found = find_organization(organization)
    path = output or Path(services.file_name(found.slug, database_now()))
    if path.exists():
        raise click.ClickException(f"{path} is there already. Choose another file: --output FILE.")
    with _sentences():
        contents = services.make_archive(found.id, path)
    _print(
        {"file": str(path), "bytes": path.stat().st_size, **_said(contents)}, as_json, f"{path} is written and verified"
    )


@backup.command("verify")
@a_file
@as_json
def verify(file: Path, as_json: bool) -> None:
    """Read all of an archive and compare it with its hashes; exit code 1 when it is damaged."""
    with _sentences():
        contents = services.verify(file)
    _print({"file": str(file), "ok": True, **_said(contents)}, as_json, f"{file} is whole")


@backup.command("restore")
@a_file
@click.option("--slug", help="The slug of the restored organization; that of the archive if it is free.")
@click.option("--owner", metavar="USER", help="The user who is its owner; a new one gets a password that is printed.")
@as_json
def restore(file: Path, slug: str | None, owner: str | None, as_json: bool) -> None:
    """Restore an archive as a new organization. Its sending is paused until an owner resumes it."""
    with _sentences():
        done = restore_archive(file, slug, owner)
    said = {
        "id": done.organization_id,
        "organization": done.slug,
        "backed_up_at": done.backed_up_at.isoformat(),
        "rows": done.rows,
        "files": done.files,
        "same_ids": done.has_same_ids,
        "sending_paused": True,
        "corrected": done.corrected,
        "warnings": done.warnings,
        **({"owner": owner} if owner else {}),
        **({"password": done.password} if done.password else {}),
    }
    if as_json:
        click.echo(json.dumps(said))
        return
    click.echo(f"Organization {done.slug} is restored: {sum(done.rows.values()):,} rows and {done.files:,} files.")
    click.echo("Its sending is paused. An owner resumes it in Settings, Backups.")
    for sentence in (*done.corrected, *done.warnings):
        click.echo(sentence)
    if done.password:
        click.echo(f"Password of {owner}: {done.password}")


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except ArchiveError as error:
        raise click.ClickException(str(error)) from None
    except FileExistsError as error:
        raise click.ClickException(f"{error.filename} is there already. Choose another file.") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'The file'} can't be used: {error.strerror}.") from None


def _said(contents: Contents) -> dict[str, Any]:
    return {
        "organization": contents.slug,
        "created_at": contents.created_at.isoformat(),
        "format": contents.format,
        "rows": {name: table.rows for name, table in contents.tables.items()},
        "files": contents.files.count,
        "missing_files": contents.files.missing,
    }


def _print(said: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        click.echo(json.dumps(said))
    else:
        click.echo(
            f"{sentence}: {sum(said['rows'].values()):,} rows and {said['files']:,} files of {said['organization']}."
        )
