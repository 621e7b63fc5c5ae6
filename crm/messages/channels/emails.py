"""E-mail addresses: their folded form, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.messages.channels.base import Addresses, Owner, ReadAddress
from crm.people.identity import EmailError, normalize_email
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import stored

NO_EMAIL = stored(N_("%(name)s has no e-mail address. Add one first."))

EVERYWHERE = {"all_branches": True}


class Emails(Addresses):
    """Addresses in lower case. A customer is written to at the main one, which is nobody else's."""

    kind = "email"
    noun = N_("address")
    contact_field = "email"

    def read(self, typed: str, region: str) -> ReadAddress:
        try:
            found = normalize_email(typed)
        except EmailError as error:
            return ReadAddress("", str(error))
        return ReadAddress(found or "", "" if found else _("Enter the e-mail address."))

    def stored(self, address: str) -> str:
        return address.strip().lower()

    def is_valid(self, address: str) -> bool:
        return not self.read(address, "").problem

    def spellings(self, address: str) -> Sequence[str]:
        return (self.stored(address),)

    def searched(self, typed: str) -> str:
        return self.stored(typed)

    def masked(self, address: str) -> str:
        name, _at, domain = address.rpartition("@")
        return f"{name[:1]}\N{HORIZONTAL ELLIPSIS}@{domain}"

    def of(self, customer: Customer) -> str:
        return customer.email or ""

    def problem(self, customer: Customer) -> str | None:
        return None if customer.email else NO_EMAIL(name=customer.name)

    def only_of(self, customer: Customer) -> set[str]:
        return {customer.email} if customer.email else set()

    def owners(self, address: str) -> list[int]:
        return self.owners_of_each([address])[address]

    def owners_of_each(self, addresses: Iterable[str]) -> Mapping[str, list[int]]:
        asked = {address: self.stored(address) for address in addresses}
        rows = db.session.execute(_of(asked.values()), execution_options=EVERYWHERE)
        ids = {row.email: row.id for row in rows}
        return {address: [ids[folded]] if folded in ids else [] for address, folded in asked.items()}

    def owners_by_address(self, addresses: Iterable[str]) -> Mapping[str, list[Owner]]:
        asked = {address: self.stored(address) for address in addresses if address}
        if not asked:
            return {}
        found = {
            row.email: Owner(row.id, row.name, row.archived_at is not None)
            for row in db.session.execute(_of(asked.values()))
        }
        return {address: [found[folded]] if folded in found else [] for address, folded in asked.items()}


def _of(addresses: Iterable[str]) -> sa.Select[int, str, str | None, object]:
    columns = (Customer.id, Customer.name, Customer.email, Customer.archived_at)
    return sa.select(*columns).where(one_of(Customer.email, set(addresses)), Customer.merged_into_id.is_(None))


EMAILS = Emails()
