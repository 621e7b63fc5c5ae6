"""The implementation of `crm.providers.webhook.Desk`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from crm.delivery import recipients
from crm.delivery import reports as delivery_reports
from crm.inbox import inbound
from crm.inbox.inbound import Incoming
from crm.kernel.tenancy import use_organization
from crm.providers.base import Reported
from crm.providers.directory import Directory, read_directory
from crm.providers.registry import all_providers
from crm.senders import trials
from crm.webhooks import identities, services, sharing


def directory() -> Directory:
    return read_directory([provider.name for provider in all_providers() if provider.account])


def spending(provider: str, token: str) -> AbstractContextManager[None]:
    return services.spending(provider, token)


def owners_of_attempts(ids: Iterable[int]) -> Mapping[int, int]:
    return recipients.owners_of_attempts(ids)


def owners_of_tests(ids: Iterable[int]) -> Mapping[int, int]:
    return trials.owners(ids)


def readers(text: Incoming, owners: Sequence[int]) -> Sequence[int]:
    return sharing.readers(text, owners)


def take_reports(organization_id: int, reports: Sequence[Reported]) -> None:
    delivery_reports.take(organization_id, reports)
    with use_organization(organization_id):
        identities.learn_from(reports)


def take_test_reports(organization_id: int, reports: Sequence[Reported]) -> None:
    trials.take_reports(organization_id, reports)


def take_texts(texts: Mapping[int, Sequence[Incoming]]) -> None:
    for organization_id, incoming in texts.items():
        with use_organization(organization_id):
            inbound.receive(organization_id, identities.named(incoming))
