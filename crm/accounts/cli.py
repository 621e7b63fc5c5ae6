"""Commands for organizations and users."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from crm.accounts import services
from crm.accounts.access import organizations_of
from crm.accounts.models import Organization, User
from crm.accounts.password_rules import password_problem
from crm.accounts.rules import SECRETS, SETTINGS, normalize_username, parse_setting, username_problem
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import use_organization

org = AppGroup("org", help="Organizations.")
user = AppGroup("user", help="Users.")
Command = TypeVar("Command", bound=Callable[..., Any])


class SettingCommand(click.Command):
    """A command whose help lists all settings; read late, after higher features have registered theirs."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.epilog = (
            f"Settings: {', '.join(SETTINGS)}. "
            f"Secrets, kept encrypted and removed by an empty value: {', '.join(SECRETS)}. "
            "Others on this machine may see a command while it runs, "
            "so enter those of a provider in Settings, Messaging."
        )
        super().format_epilog(ctx, formatter)


class AnyDifference(Protocol):
    def as_json(self) -> dict[str, Any]:
        pass


@org.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The name people see.")
def create_org(slug: str, name: str) -> None:
    """Add the organization SLUG."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", slug):
        raise click.ClickException("The slug has to be lower-case letters, digits and hyphens.")
    with _sentences():
        services.create_organization(slug, name=parse_setting("name", name))
    click.echo(f"Organization {slug} is there. Set its time zone, currency and phone region: flask org set {slug} …")


@org.command("set", cls=SettingCommand)
@click.argument("slug")
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE…")
def set_org(slug: str, settings: tuple[str, ...]) -> None:
    """Change settings of the organization SLUG."""
    values = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise click.ClickException(f"Write {setting!r} as KEY=VALUE.")
        values[key] = value
    with _sentences():
        services.change_organization(find_organization(slug).id, values)
    click.echo(f"Organization {slug} is changed.")


@org.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_orgs(as_json: bool) -> None:
    """List the organizations."""
    rows = [services.settings_of(row) for row in db.session.scalars(_SEEN)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['slug']:<24} {row['name']}  ({row['time_zone']}, {row['currency']})")


@user.command("create")
@click.argument("username")
@click.option("--organization", required=True, metavar="SLUG")
@click.option("--role", required=True, type=click.Choice(["owner", "manager", "staff", "viewer"]))
@click.option("--branch", help="Tie the user to this branch.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_user(username: str, organization: str, role: str, branch: str | None, password_stdin: bool) -> None:
    """Add a user to an organization; without --password-stdin a password is made and printed."""
    found = find_organization(organization)
    problem = username_problem(username)
    if problem:
        raise click.ClickException(problem)
    password = _read_password(username, found.slug, found.name) if password_stdin else secrets.token_urlsafe(12)
    is_new = not _has_password(username)
    with _sentences():
        services.create_user(username, password, found.id, Role.named(role), branch=branch)
    click.echo(f"User {username} is {role} of {organization}.")
    if not is_new:
        click.echo("The user name was in use, so the password stays as it is.")
    elif not password_stdin:
        click.echo(f"Password: {password}")


@user.command("reset-password")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def reset_password(username: str, password_stdin: bool) -> None:
    """Give a user a new password and end their sign-ins."""
    user_id = _find_user(username)
    if user_id is None:
        raise click.ClickException(f"There is no user {username}.")
    around = [name for found in organizations_of(user_id) for name in (found.slug, found.name)]
    password = _read_password(username, *around) if password_stdin else secrets.token_urlsafe(12)
    services.set_password(user_id, password)
    click.echo(f"The password of {username} is changed and their sign-ins have ended.")
    if not password_stdin:
        click.echo(f"Password: {password}")


def find_organization(slug: str) -> Organization:
    found = db.session.scalar(sa.select(Organization).where(Organization.slug == slug))
    if found is None:
        raise click.ClickException(f"There is no organization {slug}. flask org list shows them.")
    return found


def chosen_organizations(slug: str | None, everywhere: bool) -> Iterator[str]:
    """Act in each organization in turn, or in that of `slug` alone, and yield its slug."""
    if slug and everywhere:
        raise click.ClickException("Use --organization or --all, not both.")
    statement = _SEEN.with_only_columns(Organization.id, Organization.slug)
    if slug:
        statement = statement.where(Organization.id == find_organization(slug).id)
    for row in db.session.execute(statement).all():
        with use_organization(row.id):
            yield row.slug


def of_organizations(whose: str) -> Callable[[Command], Command]:
    """Add `--organization` and `--all` to a command; `whose` is the noun in their help."""
    one = click.option("--organization", metavar="SLUG", help=f"Only {whose} of this organization.")
    every = click.option("--all", "everywhere", is_flag=True, help="Of all organizations (the default).")
    return lambda command: one(every(command))


_SEEN = sa.select(Organization).where(Organization.restoring_until.is_(None)).order_by(Organization.id)
"""Those that are not being restored."""


def print_differences(
    slugs: Iterable[str], differences: Callable[[], Iterable[AnyDifference]], *, as_json: bool, all_right: str
) -> None:
    """Print the differences of each organization, or `all_right`; exits with 1 on any difference."""
    found = [(slug, difference) for slug in slugs for difference in differences()]
    if as_json:
        click.echo(json.dumps({"differences": [{"organization": slug, **row.as_json()} for slug, row in found]}))
    else:
        for slug, difference in found:
            click.echo(f"{slug}: {difference}")
        if not found:
            click.echo(all_right)
    if found:
        raise SystemExit(1)


def _has_password(username: str) -> bool:
    found = sa.select(User.id).where(User.username == normalize_username(username), User.password_hash != "")
    return db.session.scalar(found) is not None


def _find_user(username: str) -> int | None:
    return db.session.scalar(sa.select(User.id).where(User.username == normalize_username(username)))


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except (ValueError, SentenceError) as error:
        raise click.ClickException(str(error)) from None


def _read_password(*names: str) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    problem = password_problem(password, *names)
    if problem:
        raise click.ClickException(problem)
    return password
