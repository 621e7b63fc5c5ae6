"""Who among the leads somebody is."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.intake.sources import SourceMixin
from crm.kernel.extensions import db
from crm.leads.models import Lead, LeadStatus
from crm.people.matching import Keys, Kind, Known, decide
from crm.values import phone

OPEN = (LeadStatus.NEW.value, LeadStatus.CONTACTED.value)
_LOOKED_AT = 100
_COLUMNS = {Kind.PHONE: Lead.phone, Kind.EMAIL: Lead.email, Kind.PASSPORT: Lead.passport_number}


def lead_of(person: SourceMixin) -> Lead | None:
    """Return the lead of a person who was taken in: an open one first, then the latest.

    The same customer is the same person. A lead without a customer matches by phone, e-mail or passport number, unless
    the name or another passport number contradicts.
    """
    if person.customer_id is not None:
        same = sa.select(Lead).where(Lead.customer_id == person.customer_id)
        found = db.session.scalars(same.order_by(Lead.status.in_(OPEN).desc(), Lead.id.desc()).limit(1)).first()
        if found is not None:
            return found
    keys = _keys_of(person)
    if not keys:
        return None
    leads = _sharing(keys, of_nobody=person.customer_id is not None)
    return _first(person, keys, [lead for lead in leads if lead.is_open]) or _first(person, keys, leads)


def _sharing(keys: Keys, *, of_nobody: bool) -> Sequence[Lead]:
    ids = sa.union(
        *(
            sa.select(Lead.id).where(_COLUMNS[kind].in_(phone.variants(value) if kind is Kind.PHONE else [value]))
            for kind, value in keys.items()
        )
    )
    statement = sa.select(Lead).where(Lead.id.in_(ids)).order_by(Lead.id.desc()).limit(_LOOKED_AT)
    return db.session.scalars(statement.where(Lead.customer_id.is_(None)) if of_nobody else statement).all()


def _first(person: SourceMixin, keys: Keys, leads: Sequence[Lead]) -> Lead | None:
    known = [Known(lead.id, lead.name, frozenset(_keys_of(lead).items())) for lead in leads]
    sharing = {kind: [one for one in known if (kind, value) in one.keys] for kind, value in keys.items()}
    verdict = decide(person.name, keys, {kind: found for kind, found in sharing.items() if found})
    return next((lead for lead in leads if verdict.by_name and lead.id == verdict.customer_id), None)


def _keys_of(record: SourceMixin) -> Keys:
    return record.contact.known().keys
