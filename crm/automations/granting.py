"""What a customer is given on an occasion: points or a voucher, and a message; one transaction, once."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.automations.models import Automation, AutomationGrant
from crm.automations.occasions import is_open
from crm.automations.rules import SEND_AT, Occasion, key_of
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel.db import database_now, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.loyalty import services as loyalty
from crm.loyalty.rules import Kind
from crm.loyalty.words import own
from crm.message_templates.models import Template
from crm.message_templates.queries import filled_for, kept_templates
from crm.message_templates.rules import Wording
from crm.messages.services import schedule_message
from crm.people.own_sources import AUTOMATION
from crm.rewards import services as rewards
from crm.values import clock, language
from crm.values.language import N_
from crm.values.stored import stored

NO_TEMPLATE = stored(N_("The template was deleted, so no message was sent."))
EVERYWHERE = {"all_branches": True}


def give(automation: Automation, customer_id: int, occasion: str, day: dt.date) -> AutomationGrant | None:
    """Give a customer what an automation gives on an occasion; None if they had it, or get nothing at all.

    What the gate refuses to send, and a voucher of which none is left, keeps nobody from the rest.
    """
    with transaction() as session:
        customer = lock_customer(customer_id)
        if not is_open(customer) or _has(automation, customer, occasion):
            return None
        key = key_of(automation.id, customer.id, occasion)
        grant = AutomationGrant(automation_id=automation.id, customer_id=customer.id, occasion=occasion, key=key)
        grant.day, grant.points, grant.problem = day, automation.points, ""
        session.add(grant)
        session.flush()
        if automation.points:
            reason = REASONS[automation.occasion]
            loyalty.grant(customer.id, automation.points, Kind.BONUS, key, AUTOMATION, reason)
        problems = [_give_voucher(automation, customer, grant), _send(automation, customer, grant)]
        grant.problem = " ".join(filter(None, problems))[:300]
        told = {"occasion": automation.occasion.value, "points": automation.points, "problem": grant.problem}
        record("automation.given", grant, customer_id=customer.id, changes={name: [None, told[name]] for name in told})
        return grant


def _has(automation: Automation, customer: Customer, occasion: str) -> bool:
    """Whether they had it already, as the customer who they are or were, before a merge."""
    same_key = AutomationGrant.key == key_of(automation.id, customer.id, occasion)
    theirs = sa.and_(
        AutomationGrant.automation_id == automation.id,
        AutomationGrant.customer_id == customer.id,
        AutomationGrant.occasion == occasion,
    )
    found = sa.select(AutomationGrant.id).where(sa.or_(same_key, theirs)).limit(1)
    return db.session.scalar(found, execution_options=EVERYWHERE) is not None


def _give_voucher(automation: Automation, customer: Customer, grant: AutomationGrant) -> str:
    """Return in English why there is none, "" otherwise."""
    if automation.reward_id is None:
        return ""
    with language.speaking(language.ENGLISH):
        try:
            with db.session.begin_nested():
                voucher = rewards.give(customer.id, automation.reward_id, grant.key, AUTOMATION)
        except SentenceError as error:
            return str(error)
    grant.voucher_id = voucher.id
    return ""


def _send(automation: Automation, customer: Customer, grant: AutomationGrant) -> str:
    """Schedule the message by the gate; return in English why it may not go, "" otherwise."""
    if automation.channel is None or automation.template_id is None:
        return ""
    organization = current_organization()
    versions = _versions(automation.template_id)
    if not versions:
        return NO_TEMPLATE.english()
    wordings = [version.wording for version in versions]
    first, others = wordings[0], tuple(wordings[1:])
    wording = Wording(first.text, first.has_fields, first.approved, first.language, others, first.subject)
    with language.speaking(language.ENGLISH):
        try:
            with db.session.begin_nested():
                filled = filled_for(wording, customer, organization)
                moment = _moment(clock.zone(organization.time_zone))
                message = schedule_message(
                    customer.id,
                    automation.channel,
                    filled.text,
                    moment,
                    template=filled.approved,
                    subject=filled.subject,
                    purpose=versions[0].purpose,
                )
        except SentenceError as error:
            return str(error)
    grant.message_id = message.id
    return ""


def _versions(template_id: int) -> list[Template]:
    """Return the chosen template and its versions in other languages; nothing if it was deleted."""
    chosen = db.session.get(Template, template_id)
    if chosen is None or chosen.deleted_at is not None:
        return []
    others = kept_templates().where(Template.name_key == chosen.name_key, Template.channel == chosen.channel)
    return [chosen, *(each for each in db.session.scalars(others) if each.id != chosen.id)]


def _moment(zone: dt.tzinfo) -> dt.datetime:
    """Return now, or the morning for who is given something before it."""
    now = database_now()
    local = clock.to_local(now, zone)
    return max(now, now + (dt.datetime.combine(local.date(), SEND_AT) - local.replace(tzinfo=None)))


REASONS = {
    Occasion.BIRTHDAY: own(N_("For your birthday")),
    Occasion.JOINED: own(N_("For being our customer")),
    Occasion.VISIT: own(N_("For your visits")),
    Occasion.TIER: own(N_("For your new tier")),
    Occasion.EXPIRING: own(N_("For points that end")),
    Occasion.ABSENT: own(N_("To see you again")),
}
"""Reasons of points, which customers read, too."""
