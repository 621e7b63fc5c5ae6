"""Commands for backups."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from crm.accounts.cli import chosen_organizations, find_organization
from crm.backups import drill, keeping, queries, services, store, whole
from crm.backups.restore import restore as restore_archive
from crm.backups.rules import ArchiveError, Contents
from crm.kernel.db import database_now
from crm.kernel.storage import StorageError

EVERY = "all organizations"
UNKNOWN: dict[str, Any] = dict.fromkeys(("id", "rows", "files", "drilled_at"))
"""What the list doesn't know of those of an installation."""

backup = AppGroup("backup", help="Backups of organizations, and their restore.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
a_file = click.argument("file", type=click.Path(path_type=Path))


@backup.command("create")
@click.option("--organization", metavar="SLUG", help="The organization to back up.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="The whole installation: on SQLite its database and files, on PostgreSQL an archive of each organization.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write; it must not be there yet. Without it, the backup is kept with the nightly ones.",
)
@as_json
def create(organization: str | None, everything: bool, output: Path | None, as_json: bool) -> None:
    """Write and verify an archive of an organization, or of the whole installation."""
    if everything == (organization is not None):
        raise click.ClickException("Say which organization, --organization SLUG, or --all.")
    if output is not None and output.exists():
        raise click.ClickException(f"{output} is there already. Choose another file: --output FILE.")
    with _sentences():
        said = _create_whole(output) if organization is None else _create(find_organization(organization).id, output)
    _print(said, as_json, f"{said['file']} is written and verified")


def _create(organization_id: int, output: Path | None) -> dict[str, Any]:
    if output is None:
        kept, contents = keeping.make_now(organization_id)
        place = {"file": store.current().place_of(kept.key), "bytes": kept.size, "id": kept.id, "key": kept.key}
        return {**place, **_said(contents)}
    contents = services.make_archive(organization_id, output)
    return {"file": str(output), "bytes": output.stat().st_size, **_said(contents)}


def _create_whole(output: Path | None) -> dict[str, Any]:
    if output is not None:
        about = whole.make_whole(output)
        return {"file": str(output), "bytes": output.stat().st_size, "organization": EVERY, **about}
    with tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
        path = Path(folder, services.file_name("all", database_now()))
        about = whole.make_whole(path)
        key = whole.keep(path)
        size = path.stat().st_size
    return {"file": store.current().place_of(key), "bytes": size, "key": key, "organization": EVERY, **about}


@backup.command("list")
@click.option("--organization", metavar="SLUG", help="Only those of this organization.")
@as_json
def list_backups(organization: str | None, as_json: bool) -> None:
    """List the backups that are kept, the newest first."""
    rows = [
        {
            "organization": slug,
            "id": row.id,
            "state": str(row.state),
            "kind": str(row.kind),
            "created_at": (row.backed_up_at or row.created_at).isoformat(),
            "bytes": row.size,
            "rows": row.rows,
            "files": row.files,
            "key": row.key,
            "verified_at": row.verified_at and row.verified_at.isoformat(),
            "drilled_at": row.drilled_at and row.drilled_at.isoformat(),
            "reason": row.reason,
        }
        for slug in chosen_organizations(organization, everywhere=False)
        for row in queries.backups()
    ]
    if organization is None:
        of_all = {**UNKNOWN, "organization": EVERY, "state": "ready", "kind": "by_hand", "reason": ""}
        rows += [{**of_all, **about} for about in whole.kept()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        what = f"{row['organization']:<20} {row['state']:<8} {row['bytes']:>12,}  {row['key']}"
        click.echo(f"{row['created_at']}  {what}")


@backup.command("trial", hidden=True)
@a_file
def trial(file: Path) -> None:
    """Restore FILE into the scratch database that the environment names."""
    click.echo(json.dumps({"problem": drill.try_here(file)}))


@backup.command("verify")
@a_file
@as_json
def verify(file: Path, as_json: bool) -> None:
    """Read all of an archive and compare it with its hashes; exit code 1 when it is damaged."""
    with _sentences():
        if whole.is_whole(file):
            about = whole.verify_whole(file)
            said = {"file": str(file), "ok": True, "organization": EVERY, **about}
            _print(said, as_json, f"{file} is whole")
            return
        contents = services.verify(file)
    _print({"file": str(file), "ok": True, **_said(contents)}, as_json, f"{file} is whole")


@backup.command("restore")
@a_file
@click.option("--slug", help="The slug of the restored organization; that of the archive if it is free.")
@click.option("--owner", metavar="USER", help="The user who is its owner; a new one gets a password that is printed.")
@as_json
def restore(file: Path, slug: str | None, owner: str | None, as_json: bool) -> None:
    """Restore an archive as a new organization. Its sending is paused until an owner resumes it."""
    if whole.is_whole(file):
        raise click.ClickException(whole.how_to_restore(file))
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
    except (ArchiveError, StorageError) as error:
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
