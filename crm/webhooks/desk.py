"""Where providers' webhooks put what they are told (`crm.providers.webhook.Desk`), and ask whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crm.delivery import recipients
from crm.delivery import reports as delivery_reports
from crm.inbox import inbound
from crm.inbox.inbound import Incoming
from crm.kernel.tenancy import use_organization
from crm.providers.base import Reported
from crm.providers.directory import Directory, read_directory
from crm.providers.registry import all_providers
from crm.senders import trials
from crm.webhooks import identities, sharing


def directory() -> Directory:
    """Return what every organization sends with."""
    return read_directory([provider.name for provider in all_providers() if provider.account])


def owners_of_attempts(ids: Iterable[int]) -> Mapping[int, int]:
    """Return the organizations of attempts, by attempt; of those that exist."""
    return recipients.owners_of_attempts(ids)


def owners_of_tests(ids: Iterable[int]) -> Mapping[int, int]:
    """Return the organizations of test messages, by test; of those that exist."""
    return trials.owners(ids)


def readers(text: Incoming, owners: Sequence[int]) -> Sequence[int]:
    """Return for which of the organizations that send from an address a text is."""
    return sharing.readers(text, owners)


def take_reports(organization_id: int, reports: Sequence[Reported]) -> None:
    """Take what was said about attempts of an organization, and by which names the provider knows their people."""
    delivery_reports.take(organization_id, reports)
    with use_organization(organization_id):
        identities.learn_from(reports)


def take_test_reports(organization_id: int, reports: Sequence[Reported]) -> None:
    """Take what was said about test messages of an organization."""
    trials.take_reports(organization_id, reports)


def take_texts(texts: Mapping[int, Sequence[Incoming]]) -> None:
    """Take texts that came in, by organization."""
    for organization_id, incoming in texts.items():
        with use_organization(organization_id):
            inbound.receive(organization_id, identities.named(incoming))
