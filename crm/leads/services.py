"""What is done with leads: each function is one intent of a user and one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.locks import lock_intake
from crm.customers.models import Customer
from crm.customers.search_text import text_of_record
from crm.customers.signals import customer_deleting, person_erased
from crm.intake.services import collect, is_unchanged
from crm.intake.sources import Source, SourceMixin, register
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import Event, changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.leads.assignees import label_of
from crm.leads.matching import lead_of
from crm.leads.models import FollowUp, Lead, LeadStatus
from crm.leads.timeline import events_of
from crm.people.contact_fields import ContactFields
from crm.people.limits import LIMITS
from crm.people.names import may_be_one
from crm.people.own_sources import BOOKING, MANUAL
from crm.values.language import N_

SOURCE = "Lead"
"""The source of customers who were leads."""

_NOT_TOLD = ("phone_valid", "phone_extension", "search_text")

CONTACT = ("name", "phone", "email", "passport_number")
TELLING = {*CONTACT, "branch_id"}
"""Fields that update the customer."""

WON = N_("This lead is won. Undo the conversion first.")

LEADS = Source("leads", SOURCE, Lead, Lead.branch_id)

register(LEADS)


def create_lead(values: dict[str, Any], request_key: RequestKey | None = None) -> Lead:
    """Add a lead from values by column, with its customer; raises KeyReusedError."""
    with transaction() as session:
        lock_intake()
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Lead)
        lead = Lead(activity_at=database_now())
        _apply(lead, {**values, "source": values.get("source") or MANUAL})
        session.add(lead)
        _take_in(lead)
        record("lead.created", lead, customer_id=lead.customer_id)
        if lead.assigned_to_id not in (None, current_actor()):
            _tell_assigned(lead, None)
        once.made(lead.id)
        return lead


def edit_lead(lead_id: int, values: dict[str, Any]) -> Lead:
    """Edit a lead; changed contact fields update the customer."""
    with transaction():
        lead = lock_lead(lead_id)
        _apply(lead, values)
        changes = changes_of(lead)
        if assigned := changes.pop("assigned_to_id", None):
            _tell_assigned(lead, assigned[0])
        if changes:
            _take_in_changed(lead, changes)
            _tell("lead.edited", lead, _worth_telling(changes))
        return lead


def convert_lead(lead_id: int) -> Lead:
    """Convert a lead through the one upsert; a converted lead stays.

    A customer who was deleted before is created again.
    """
    with transaction():
        lead = lock_lead(lead_id)
        if lead.is_converted:
            return lead
        _convert(lead, take_in=True)
        return lead


def lose_lead(lead_id: int, reason: str) -> Lead:
    """Close a lead as lost; raises ConflictError for a converted one."""
    with transaction():
        lead = lock_lead(lead_id)
        if lead.is_converted:
            raise ConflictError(WON)
        lead.become(LeadStatus.LOST, reason)
        if changes := changes_of(lead):
            _tell("lead.lost", lead, changes)
        return lead


def move_lead(lead_id: int, status: LeadStatus) -> Lead:
    """Set the status of a lead; one that is won goes through the one upsert."""
    if status is LeadStatus.CONVERTED:
        return convert_lead(lead_id)
    with transaction():
        lead = lock_lead(lead_id)
        was_open = lead.is_open
        if lead.is_converted and status is LeadStatus.LOST:
            raise ConflictError(WON)
        lead.become(status, lead.lost_reason)
        if changes := changes_of(lead):
            _tell("lead.lost" if lead.is_lost else "lead.edited" if was_open else "lead.reopened", lead, changes)
        return lead


def reopen_lead(lead_id: int) -> Lead:
    """Reopen a lost or converted lead; it is contacted if a follow-up was done."""
    with transaction() as session:
        lead = lock_lead(lead_id)
        if lead.is_open:
            return lead
        spoken = session.scalar(
            sa.select(FollowUp.id).where(FollowUp.lead_id == lead.id, FollowUp.done_at.is_not(None)).limit(1)
        )
        lead.become(LeadStatus.CONTACTED if spoken else LeadStatus.NEW)
        _tell("lead.reopened", lead, changes_of(lead))
        return lead


def convert_lead_of(person: SourceMixin, branch_id: int | None, lead_id: int | None = None) -> Lead:
    """Convert the lead with `lead_id`, or that of a booking's person, or create one; fill its blanks.

    Runs in the booking's transaction, which has taken the person in; a lead without other details stays out.
    A lead with contradicting details is another one (`lead_of`).
    """
    with transaction() as session:
        lock_intake()
        session.flush()
        known_id = lead_id or getattr(lead_of(person), "id", None)
        if known_id is None:
            lead = _create_booked(person, branch_id)
            _tell("lead.converted", lead, _become_converted(lead))
            return lead
        lead = lock_lead(known_id)
        if lead_id is None or may_be_one(lead.name, person.name):
            _fill(lead, person)
        if not lead.is_converted:
            _convert(lead, take_in=not is_unchanged(LEADS, lead))
        return lead


def lock_lead(lead_id: int) -> Lead:
    """Take the lock of the intake, then that of the lead."""
    lock_intake()
    return db.session.scalars(locked(sa.select(Lead).where(Lead.id == lead_id))).one()


def _convert(lead: Lead, *, take_in: bool) -> None:
    changes = _become_converted(lead)
    if take_in:
        _take_in(lead)
    _move_events(lead, None, lead.customer_id)
    _tell("lead.converted", lead, changes)


def _become_converted(lead: Lead) -> dict[str, list[Any]]:
    lead.become(LeadStatus.CONVERTED)
    changes = changes_of(lead)
    lead.do_not_collect = False
    return changes


def _create_booked(person: SourceMixin, branch_id: int | None) -> Lead:
    lead = Lead(activity_at=person.activity_at, source=BOOKING)
    known = {field: getattr(person, field) for field in (*CONTACT, "phone_extension")}
    _apply(lead, known | {"branch_id": branch_id})
    lead.customer_id, lead.do_not_collect = person.customer_id, person.do_not_collect
    db.session.add(lead)
    record("lead.created", lead, customer_id=lead.customer_id, changes={"source": [None, BOOKING]})
    return lead


def _apply(lead: Lead, values: dict[str, Any]) -> None:
    region = current_organization().phone_region
    for field, value in values.items():
        if field not in ("status", "lost_reason", *LIMITS):
            setattr(lead, field, value)
    if (branch_id := bound_branch()) is not None:
        lead.branch_id = branch_id
    known = {"phone": lead.phone, "email": lead.email, "passport_number": lead.passport_number}
    lead.take_contact(ContactFields.read(known | values, region))
    lead.search_text = text_of_record(lead.contact, region)
    if values.keys() & {"status", "lost_reason"}:
        status = values.get("status") or lead.status or LeadStatus.NEW
        lead.become(LeadStatus(status), values.get("lost_reason", lead.lost_reason or ""))


def _fill(lead: Lead, person: SourceMixin) -> None:
    """Fill blanks of a lead from the person of a booking."""
    blank = [field for field in CONTACT if not getattr(lead, field)]
    if lead.phone_valid is False and person.phone_valid:
        blank.append("phone")
    blank += ["phone_extension"] if "phone" in blank else []
    _apply(lead, {field: getattr(person, field) for field in blank})
    if lead.customer_id is None and not lead.do_not_collect:
        lead.customer_id = person.customer_id
    if changes := changes_of(lead):
        _tell("lead.edited", lead, _worth_telling(changes))


def _take_in_changed(lead: Lead, changes: dict[str, list[Any]]) -> None:
    if lead.is_converted and "status" in changes:
        lead.do_not_collect = False
    if TELLING & changes.keys():
        lead.activity_at = database_now()
    _take_in(lead)


def _take_in(lead: Lead) -> None:
    collect([lead], SOURCE, lead.branch_id)


def _tell(action: str, lead: Lead, changes: dict[str, list[Any]]) -> None:
    lead.updated_at = db_now()
    record(action, lead, customer_id=lead.customer_id, changes=changes)


def _tell_assigned(lead: Lead, before: int | None) -> None:
    """Record the names, too, as they are today: the timeline shows them."""
    ids = [before, lead.assigned_to_id]
    _tell("lead.assigned", lead, {"assigned_to_id": ids, "assigned_to": [label_of(id_) for id_ in ids]})


def _move_events(lead: Lead, from_id: int | None, to_id: int | None) -> None:
    """Move what was told of a lead to the timeline of a customer, or off it; it stays on the lead's own."""
    ids = sa.union_all(*(sa.select(Event.id).where(condition) for condition in events_of(lead.id))).subquery()
    told = sa.update(Event).where(Event.id.in_(sa.select(ids.c.id)), Event.customer_id.is_not_distinct_from(from_id))
    options = {"all_branches": True, "synchronize_session": False}
    db.session.execute(told.values(customer_id=to_id), execution_options=options)


def _worth_telling(changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {field: pair for field, pair in changes.items() if field not in _NOT_TOLD}


@person_erased.connect
def _close(rows: Mapping[str, Collection[int]]) -> None:
    """Close the leads of who was erased: their follow-ups are gone."""
    of_them = sa.select(Lead).where(one_of(Lead.id, rows.get(Lead.__tablename__, ()))).order_by(Lead.id)
    for lead in db.session.scalars(of_them, execution_options={"all_branches": True}):
        if lead.is_open:
            lead.become(LeadStatus.LOST)
        lead.next_follow_up_at, lead.updated_at = None, db_now()


@customer_deleting.connect
def _forget(customer: Customer) -> None:
    of_them = sa.select(Lead).where(Lead.customer_id == customer.id).order_by(Lead.id)
    leads: Iterable[Lead] = db.session.scalars(locked(of_them), execution_options={"all_branches": True})
    for lead in leads:
        _move_events(lead, customer.id, None)
        lead.forget_customer()
        record("lead.forgotten", lead)
        lead.updated_at = db_now()
