"""The demo organizations, their users, and the small shop in each."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts import branches, services
from crm.accounts.models import Branch, Membership, Organization, User
from crm.accounts.queries import current_organization
from crm.demo import loader, texts
from crm.demo.models import DemoRange
from crm.demo.people import JAKARTA, JAKARTA_PLACES, KARACHI, KARACHI_PLACES, Shopper
from crm.demo.rows import CustomerRow, MessageRow
from crm.demo.texts import ShopMessage
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.roles import Role
from crm.kernel.tenancy import use_organization
from crm.messages.models import Attempt, Message
from crm.people.contact_fields import ContactFields
from crm.providers.base import Answer
from crm.values import clock

DEMO = "demo"
SHOP = "shop"
ANSWERS = {"sent": Answer.ACCEPTED, "failed": Answer.PERMANENT}
"""The gateway's answer, by status of the shop's messages."""


class DemoShop(NamedTuple):
    slug: str
    settings: dict[str, Any]
    username: str
    user_name: str
    branches: tuple[str, ...]
    people: tuple[Shopper, ...]
    towns: tuple[tuple[str, str, str], ...]
    messages: tuple[ShopMessage, ...]


SHOPS = (
    DemoShop(
        DEMO,
        {
            "name": "Demo Shop",
            "time_zone": "Asia/Jakarta",
            "currency": "IDR",
            "phone_region": "ID",
            "locale": "id_ID",
            "sms_gateway": "console",
            "whatsapp_gateway": "manual",
            "first_hour": "dismissed",
            "earn_points": 1,
            "earn_per": 1_000_00,
        },
        "demo",
        "Ayu",
        ("Kemang", "Tebet"),
        JAKARTA,
        JAKARTA_PLACES,
        texts.JAKARTA,
    ),
    DemoShop(
        "demo-travel",
        {
            "name": "Demo Travel",
            "time_zone": "Asia/Karachi",
            "currency": "PKR",
            "phone_region": "PK",
            "locale": "en_PK",
            "sms_gateway": "console",
            "whatsapp_gateway": "manual",
            "first_hour": "dismissed",
            "earn_points": 1,
            "earn_per": 1_000_00,
        },
        "traveller",
        "Bilal",
        ("Clifton", "Saddar"),
        KARACHI,
        KARACHI_PLACES,
        texts.KARACHI,
    ),
)


def set_up(slug: str, password: str) -> str | None:
    """Create the demo organization and its owner where they are missing; return the name of a new user.

    Existing ones keep their settings and password.
    """
    shop = _shop(slug)
    organization = db.session.scalar(sa.select(Organization).where(Organization.slug == slug))
    if organization is None:
        organization = services.create_organization(slug, **shop.settings)
        with use_organization(organization.id):
            for name in shop.branches:
                branches.add(name)
        organization = db.session.scalars(sa.select(Organization).where(Organization.slug == slug)).one()
    organization_id = organization.id
    user_id = db.session.scalar(sa.select(User.id).where(User.username == shop.username))
    member = sa.select(Membership.id).where(
        Membership.organization_id == organization_id, Membership.user_id == user_id
    )
    if user_id is None or db.session.scalar(member) is None:
        services.create_user(shop.username, password, organization_id, Role.OWNER, name=shop.user_name)
    return None if user_id else shop.username


def is_demo(slug: str) -> bool:
    return any(shop.slug == slug for shop in SHOPS)


def load(slug: str) -> int:
    """Fill the current organization's shop unless it is filled; return how many customers were added."""
    if loader.count(SHOP):
        return 0
    shop = _shop(slug if is_demo(slug) else DEMO)
    with transaction() as session:
        ids = {row.name: row.id for row in session.scalars(sa.select(Branch))}
        loaded = loader.load(SHOP, _rows(shop, [ids.get(name) for name in shop.branches]))
        session.add_all(_attempt(message) for message in session.scalars(_answered_messages()).all())
        first, last = session.execute(
            sa.select(DemoRange.first_id, DemoRange.last_id).where(DemoRange.kind == SHOP)
        ).one()
        for feature in catalog().features:
            if feature.demo:
                feature.demo(shop.slug, range(first, last + 1))
    return loaded


def _shop(slug: str) -> DemoShop:
    return next(shop for shop in SHOPS if shop.slug == slug)


def _rows(shop: DemoShop, branch_ids: list[int | None]) -> list[CustomerRow]:
    organization, now = current_organization(), clock.utcnow()
    zone, region = clock.zone(organization.time_zone), organization.phone_region
    rows = []
    for index, person in enumerate(shop.people):
        row = _customer(person, shop.towns[person.place], region)
        row.branch_id = None if person.branch is None else branch_ids[person.branch]
        row.created_at = now - dt.timedelta(days=4 * (len(shop.people) - index), minutes=37 * index)
        row.messages = [_message(one, now, zone) for one in shop.messages if one.person == index]
        rows.append(row)
    return rows


def _customer(person: Shopper, town: tuple[str, str, str], region: str) -> CustomerRow:
    city, province, postal_code = town
    values = person._asdict() | {"city": city, "province": province, "postal_code": postal_code}
    contact = ContactFields.read(values, region).checked()
    return CustomerRow(
        name=contact.name,
        phone=contact.phone,
        phone_valid=contact.phone_valid,
        email=contact.email,
        address=contact.address,
        city=contact.city,
        province=contact.province,
        postal_code=contact.postal_code,
        passport_number=contact.passport_number,
        notes=contact.notes,
        service_type=contact.service_type,
        is_active=person.is_active,
    )


def _message(one: ShopMessage, now: dt.datetime, zone: ZoneInfo) -> MessageRow:
    if one.time:
        day = clock.to_local(now, zone).date() + dt.timedelta(days=one.days)
        send_at, _ = clock.from_local(dt.datetime.combine(day, dt.time.fromisoformat(one.time)), zone)
    else:
        send_at = now + dt.timedelta(minutes=one.days)
    left = send_at + dt.timedelta(seconds=2) if one.status == "sent" else None
    return MessageRow(one.channel, one.body, send_at, one.status, one.reason, int(one.status in ANSWERS), left)


def _answered_messages() -> sa.Select[Message]:
    return sa.select(Message).where(Message.status.in_(ANSWERS)).options(joinedload(Message.customer))


def _attempt(message: Message) -> Attempt:
    return Attempt(
        message_id=message.id,
        claim_token=uuid.uuid4().hex,
        gateway="console",
        channel=message.channel,
        recipient=message.customer.phone,
        body=message.body,
        started_at=message.send_at,
        finished_at=message.send_at + dt.timedelta(seconds=2),
        outcome=ANSWERS[message.status].value,
        provider_id=f"console-{message.id}" if message.status == "sent" else None,
        detail=message.reason,
    )
