"""What the samples of a travel agency ask for and have booked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.bookings.services import create
from crm.customers.models import Customer
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import as_nobody
from crm.leads.follow_ups import add_follow_up
from crm.leads.models import Method
from crm.leads.services import create_lead
from crm.values import clock
from crm.values.language import gettext as _

ACTIONS = {"lead.created", "lead.converted", "follow_up.added", "booking.created"}
"""What their events tell; nobody did it, and nobody but a user adds leads and bookings."""

CONTACT = ("name", "phone", "email")


def add(customer_ids: list[int]) -> None:
    """Add leads and bookings of the last of the customers, each of somebody else, in the open transaction."""
    people = [db.session.get_one(Customer, id_) for id_ in customer_ids[-4:]]
    contacts = [{field: getattr(person, field) for field in CONTACT} for person in people]
    with as_nobody():
        _add_leads(contacts[:2])
        _add_bookings(contacts[2:])
    # That they were active just now is nothing to tell of a sample.
    of_them = Event.customer_id.in_(customer_ids)
    db.session.execute(sa.delete(Event).where(of_them, Event.action == "customer.edited"))


def _add_leads(contacts: list[dict[str, Any]]) -> None:
    zone = clock.zone(current_organization().time_zone)
    today = clock.to_local(clock.utcnow(), zone)
    asked = (
        (_("A beach holiday for four, in the school holidays."), Method.CALL, _("Ask how many rooms"), 0),
        (_("Umrah for two, in Ramadan."), Method.WHATSAPP, _("Send the prices"), 1),
    )
    for contact, (notes, method, note, days) in zip(contacts, asked, strict=True):
        lead_id = create_lead({**contact, "notes": notes}).id
        due = dt.datetime.combine(today.date() + dt.timedelta(days=days), dt.time(10))
        add_follow_up(lead_id, method, note, clock.at_or_after(due, zone))


def _add_bookings(contacts: list[dict[str, Any]]) -> None:
    today = clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()
    trips = ((_("Umrah, Makkah and Madinah"), "confirmed", 21, 10), (_("Weekend in Dubai"), "pending", 9, 3))
    for contact, (service, status, days, length) in zip(contacts, trips, strict=True):
        first = today + dt.timedelta(days=days)
        dates = {"date": first, "date_until": first + dt.timedelta(days=length)}
        create({"service": service, "status": status, **dates}, [contact])
