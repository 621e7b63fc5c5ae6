"""The leads of the demo shops: what people asked for, when to speak to them next, and what they promised to pay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.leads.commitments import add_commitment
from crm.leads.follow_ups import add_follow_up, mark_done
from crm.leads.models import Method
from crm.leads.services import convert_lead, create_lead, lose_lead
from crm.values import clock, money


class Planned(NamedTuple):
    """A follow-up, so many days from today at a time; with an outcome it is done."""

    days: int
    time: str
    method: Method
    note: str
    outcome: str = ""


class Asked(NamedTuple):
    """What the person with this index asked for; `promised` are hundredths, and in how many days.

    They `became` nothing yet, "converted", or lost for the reason that is given.
    """

    person: int
    source: str
    notes: str
    follow_ups: Sequence[Planned] = ()
    promised: Sequence[tuple[int, int]] = ()
    became: str = ""


LEADS = {
    "demo": (
        Asked(
            6,
            "Instagram",
            "Lunch boxes for 40, every Friday.",
            (
                Planned(-4, "10:00", Method.CALL, "Ask how many", "40, and no peanuts."),
                Planned(-1, "11:00", Method.CALL, "Talk about the price"),
            ),
            [(2_500_000_00, -2)],
        ),
        Asked(
            12, "Walk-in", "A wedding cake in May.", [Planned(0, "16:00", Method.WHATSAPP, "Send pictures of cakes")]
        ),
        Asked(13, "A friend", "Catering for a house-warming.", became="Found somebody nearer."),
        Asked(
            17,
            "Instagram",
            "Birthday cake, three layers.",
            [Planned(-6, "15:00", Method.VISIT, "Tasting", "Took it.")],
            became="converted",
        ),
    ),
    # A booking converts the lead of its lead person, so all but the last are of others.
    "demo-travel": (
        Asked(
            10,
            "Walk-in",
            "Umrah for four, in Ramadan.",
            (Planned(-2, "12:00", Method.CALL, "Passports of the parents"), Planned(3, "12:00", Method.CALL, "Visa")),
            [(150_000_00, -1), (150_000_00, 30)],
        ),
        Asked(8, "Facebook", "Honeymoon in Istanbul.", [Planned(0, "17:30", Method.WHATSAPP, "Send hotels")]),
        Asked(11, "Walk-in", "A cheap flight to Jeddah.", became="Bought it elsewhere."),
        Asked(2, "A friend", "Business trip to Dubai.", became="converted"),
    ),
}


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    """Add the leads of a shop, from people who are its customers."""
    for one in LEADS[shop]:
        person = db.session.get_one(Customer, customer_ids[one.person])
        contact = {name: getattr(person, name) for name in ("name", "phone", "email", "branch_id")}
        lead_id = create_lead({**contact, "source": one.source, "notes": one.notes}).id
        _plan(lead_id, one)
        if one.became == "converted":
            convert_lead(lead_id)
        elif one.became:
            lose_lead(lead_id, one.became)


def _plan(lead_id: int, one: Asked) -> None:
    zone = clock.zone(current_organization().time_zone)
    today = clock.to_local(clock.utcnow(), zone).date()
    for planned in one.follow_ups:
        due_at = _at(today, planned, zone)
        follow_up_id = add_follow_up(lead_id, planned.method, planned.note, due_at).id
        if planned.outcome:
            mark_done(follow_up_id, planned.outcome)
    unit = money.unit(current_organization().currency)
    for hundredths, days in one.promised:
        add_commitment(lead_id, hundredths * unit // 100, today + dt.timedelta(days=days))


def _at(today: dt.date, planned: Planned, zone: ZoneInfo) -> dt.datetime:
    day = today + dt.timedelta(days=planned.days)
    return clock.at_or_after(dt.datetime.combine(day, dt.time.fromisoformat(planned.time)), zone)
