"""The demo organizations, their users, and the small lively shop in each."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm import clock, phone
from crm.accounts import branches, services
from crm.accounts.models import Branch, Membership, Organization, User
from crm.accounts.queries import current_organization
from crm.accounts.roles import Role
from crm.db import transaction
from crm.demo import loader
from crm.demo.people import JAKARTA, JAKARTA_PLACES, KARACHI, KARACHI_PLACES, Person
from crm.demo.rows import CustomerRow, MessageRow
from crm.extensions import db
from crm.messages.models import Attempt, Message
from crm.tenancy import use_organization

DEMO = "demo"
SHOP = "shop"
SENT = ("delivered", "undelivered")


class Place(NamedTuple):
    """An organization of the demo, with what its shop consists of."""

    slug: str
    settings: dict[str, str]
    username: str
    user_name: str
    branches: tuple[str, ...]
    people: tuple[Person, ...]
    towns: tuple[tuple[str, str, str], ...]


PLACES = (
    Place(
        DEMO,
        {
            "name": "Demo Shop",
            "time_zone": "Asia/Jakarta",
            "currency": "IDR",
            "phone_region": "ID",
            "locale": "id_ID",
            "sms_gateway": "console",
            "whatsapp_gateway": "manual",
        },
        "demo",
        "Ayu",
        ("Kemang", "Tebet"),
        JAKARTA,
        JAKARTA_PLACES,
    ),
    Place(
        "demo-travel",
        {
            "name": "Demo Travel",
            "time_zone": "Asia/Karachi",
            "currency": "PKR",
            "phone_region": "PK",
            "locale": "en_PK",
            "sms_gateway": "console",
            "whatsapp_gateway": "manual",
        },
        "traveller",
        "Bilal",
        ("Clifton", "Saddar"),
        KARACHI,
        KARACHI_PLACES,
    ),
)


class Said(NamedTuple):
    """A message of the shop: to the person with this index, so many days from today at a time of day.

    Without a time of day it is `days` minutes from now.
    """

    person: int
    channel: str
    body: str
    days: int
    time: str = ""
    status: str = "scheduled"
    reason: str = ""


MESSAGES = (
    Said(2, "whatsapp", "Hello, your pandan cake is ready. We are open until 20:00.", -25, status="reminder"),
    Said(4, "whatsapp", "Hello Ayu, shall we bake the birthday cake for Saturday again?", -90, status="reminder"),
    Said(
        8, "whatsapp", "Good morning, here is the menu for Friday's catering. Is it all right?", -6, status="reminder"
    ),
    Said(3, "sms", "Your coffee beans have arrived.", -1, "10:00", "failed", "The number is not a mobile phone."),
    Said(0, "sms", "Hello Siti, thank you for your order. Pick-up is tomorrow from 9.", 150),
    Said(1, "whatsapp", "Hello Budi, may we confirm lunch boxes for 30 people?", 1, "09:00"),
    Said(5, "sms", "Your table for two is reserved for 19:00.", 1, "12:00"),
    Said(0, "whatsapp", "Hello Siti, how was the cake?", 2, "10:00"),
    Said(6, "whatsapp", "Good morning, the invoice for October is attached.", 2, "08:30"),
    Said(10, "sms", "Your nut-free cake is ready on Thursday from 15:00.", 3, "09:00"),
    Said(12, "whatsapp", "Hello Kartika, new flavours this week: klepon and durian.", 3, "16:00"),
    Said(14, "sms", "Your order is planned for Friday, 11:00.", 4, "08:00"),
    Said(20, "whatsapp", "Good day, may we send the offer for the faculty dinner?", 5, "09:30"),
    Said(17, "sms", "Your card is worth a free coffee this week.", 6, "10:00"),
    Said(25, "whatsapp", "Hello Gita, we open in Serpong next month!", 12, "10:00"),
    Said(33, "sms", "Your payment has arrived, thank you.", 6, "11:00"),
    Said(7, "sms", "Hello Dewi, your cake is ready.", -3, "14:00", "delivered"),
    Said(9, "sms", "Your order is ready for pick-up.", -5, "09:15", "delivered"),
    Said(11, "sms", "We are closed on Monday.", -8, "08:00", "delivered"),
    Said(13, "sms", "Your lunch boxes leave the kitchen now.", -9, "11:20", "delivered"),
    Said(0, "sms", "Hello Siti, your birthday voucher waits for you.", -20, "10:00", "delivered"),
    Said(15, "sms", "Your beans are roasted today.", -12, "07:45", "delivered"),
    Said(18, "sms", "Thank you for your visit!", -15, "18:00", "delivered"),
    Said(22, "sms", "Your order is ready.", -2, "13:30", "undelivered", "The phone could not be reached."),
)
TRAVEL_MESSAGES = (
    Said(3, "whatsapp", "Assalam o alaikum, your passport is back from the embassy.", -40, status="reminder"),
    Said(0, "whatsapp", "Your Umrah papers are complete. Shall we book?", -10, status="reminder"),
    Said(1, "sms", "Your visa appointment is tomorrow at 10:00. Bring two photos.", 90),
    Said(2, "whatsapp", "Your flight leaves at 03:40. Be there by midnight.", 1, "18:00"),
    Said(5, "sms", "Web check-in for Dubai is open.", 2, "09:00"),
    Said(6, "whatsapp", "We need the passport numbers of your group.", 3, "11:00"),
    Said(4, "sms", "Last seats for Hunza in May.", -4, "12:00", "delivered"),
)


def set_up(slug: str, password: str) -> str | None:
    """Make the demo organization `slug` and its owner where they are missing; return the name of a new user.

    What is there keeps its settings and its password.
    """
    place = _place(slug)
    organization = db.session.scalar(sa.select(Organization).where(Organization.slug == slug))
    if organization is None:
        organization = services.create_organization(slug, **place.settings)
        with use_organization(organization.id):
            for name in place.branches:
                branches.add(name)
        organization = db.session.scalars(sa.select(Organization).where(Organization.slug == slug)).one()
    organization_id = organization.id
    user_id = db.session.scalar(sa.select(User.id).where(User.username == place.username))
    member = sa.select(Membership.id).where(
        Membership.organization_id == organization_id, Membership.user_id == user_id
    )
    if user_id is None or db.session.scalar(member) is None:
        services.create_user(place.username, password, organization_id, Role.OWNER, name=place.user_name)
    return None if user_id else place.username


def is_demo(slug: str) -> bool:
    """Whether `slug` is an organization of the demo."""
    return any(place.slug == slug for place in PLACES)


def load(slug: str) -> int:
    """Fill the shop of the current organization unless it is there already; return how many customers it has got."""
    if loader.count(SHOP):
        return 0
    place = _place(slug if is_demo(slug) else DEMO)
    ids = {row.name: row.id for row in db.session.scalars(sa.select(Branch))}
    loaded = loader.load(SHOP, _rows(place, [ids.get(name) for name in place.branches]))
    _add_attempts()
    return loaded


def _place(slug: str) -> Place:
    return next(place for place in PLACES if place.slug == slug)


def _rows(place: Place, branch_ids: list[int | None]) -> list[CustomerRow]:
    organization, now = current_organization(), clock.utcnow()
    zone, region = clock.zone(organization.time_zone), organization.phone_region
    said = TRAVEL_MESSAGES if place.people is KARACHI else MESSAGES
    rows = []
    for index, person in enumerate(place.people):
        row = _customer(person, place.towns[person.place], region)
        row.branch_id = None if person.branch is None else branch_ids[person.branch]
        row.created_at = now - dt.timedelta(days=4 * (len(place.people) - index), minutes=37 * index)
        row.messages = [_message(one, now, zone) for one in said if one.person == index]
        rows.append(row)
    return rows


def _customer(person: Person, town: tuple[str, str, str], region: str) -> CustomerRow:
    number = phone.parse(person.phone, region)
    return CustomerRow(
        name=person.name,
        phone=number.value,
        phone_valid=number.valid,
        email=person.email or None,
        address=person.address,
        city=town[0],
        province=town[1],
        postal_code=town[2],
        passport_number=person.passport_number,
        notes=person.notes,
        service_type=person.service_type,
        is_active=person.is_active,
    )


def _message(said: Said, now: dt.datetime, zone: ZoneInfo) -> MessageRow:
    if said.time:
        day = clock.to_local(now, zone).date() + dt.timedelta(days=said.days)
        send_at, _ = clock.from_local(dt.datetime.combine(day, dt.time.fromisoformat(said.time)), zone)
    else:
        send_at = now + dt.timedelta(minutes=said.days)
    left = send_at + dt.timedelta(seconds=2) if said.status in SENT else None
    return MessageRow(said.channel, said.body, send_at, said.status, said.reason, left)


def _add_attempts() -> None:
    """Add the calls of the gateway that the shop's sent and failed messages tell of."""
    with transaction() as session:
        messages = session.scalars(
            sa.select(Message).where(Message.status.in_([*SENT, "failed"])).options(joinedload(Message.customer))
        )
        session.add_all(_attempt(message) for message in messages.all())


def _attempt(message: Message) -> Attempt:
    refused = message.status == "failed"
    return Attempt(
        message_id=message.id,
        claim_token=uuid.uuid4().hex,
        gateway="console",
        channel=message.channel,
        recipient=message.customer.phone,
        body=message.body,
        started_at=message.send_at,
        finished_at=message.send_at + dt.timedelta(seconds=2),
        outcome="refused" if refused else "accepted",
        provider_id=None if refused else f"console-{uuid.uuid4().hex[:12]}",
        detail=message.reason,
    )
