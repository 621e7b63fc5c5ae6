"""Rows to test with, and the cast: the people of one shop, and a stranger who owns another.

A factory of a tenant's row acts in the current organization: call it within `use_organization` or `person.acting()`.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts import invitations, sign_ins, tokens
from crm.accounts.members import Details
from crm.accounts.models import Branch, Invitation, Membership, Organization, User
from crm.accounts.passwords import hash_password
from crm.analytics.holdouts import is_held_out
from crm.area_customers import services as area_customers
from crm.automations import services as automations
from crm.automations.granting import give
from crm.automations.rules import Occasion
from crm.backups import store
from crm.backups.models import Backup
from crm.badges import services as badges
from crm.badges.models import BadgeGrant
from crm.badges.rules import Metric, Period
from crm.bookings import services as bookings
from crm.campaigns import services as campaigns
from crm.campaigns.models import Campaign
from crm.campaigns.turns import take_turn
from crm.consents.tokens import token_for
from crm.customer_page import links
from crm.customer_page.models import ErasureRequest
from crm.customer_page.queries import card_code
from crm.customer_page.rules import Scope
from crm.customers.bulk_models import Action
from crm.customers.consent_models import ConsentChange
from crm.customers.filters import Selection
from crm.customers.models import Customer, CustomerKey
from crm.customers.rules import Consent
from crm.customers.services import change_many, create_customer, give_referral_code
from crm.delivery.recipients import keep_recipients
from crm.duplicates.services import add_entry
from crm.exports import services as exports
from crm.exports.formats import Format
from crm.imports import services as imports
from crm.imports.models import ImportRow
from crm.intake.models import Scan
from crm.invoices.models import Receipt
from crm.invoices.services import add_invoice
from crm.kernel import storage
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import Base
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import current_actor, require_organization, use_organization
from crm.leads.commitments import add_commitment
from crm.leads.follow_ups import add_follow_up
from crm.leads.models import FollowUp, LoanCommitment, Method
from crm.leads.services import create_lead
from crm.loyalty.models import LoyaltySettings, PointsDraw, PointsEntry, PointsMultiplier
from crm.loyalty.multipliers import MultiplierKind
from crm.loyalty.services import change_points
from crm.message_templates.models import Template
from crm.messages.channels.phones import PHONES
from crm.messages.channels.sms import SMS
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Attempt, BlockedSender, Message
from crm.messages.suppression_models import OptOutSource
from crm.notes.models import Kind
from crm.notes.services import add_to_customer, add_to_lead
from crm.opt_outs.services import put_on
from crm.privacy import retention
from crm.privacy.models import InactiveCustomer
from crm.privacy.rules import RULES
from crm.referrals import services as referrals
from crm.referrals.rules import Reason, State
from crm.reminders import services as reminders
from crm.reports import settings as report_settings
from crm.reports.models import ReportSettings
from crm.rewards import catalogue
from crm.rewards import services as vouchers
from crm.rewards.rules import RewardKind
from crm.segments import services as segments
from crm.senders import trials
from crm.series.queries import series_of_message
from crm.series.rules import Frequency, Rule
from crm.series.services import schedule
from crm.user_mail.links import make_link as make_user_link
from crm.user_mail.rules import Kind as LetterKind
from crm.values import clock
from crm.visits import services as visits

PASSWORD = "three green apples"
PASSWORD_HASH = hash_password(PASSWORD)
PDF = b"%PDF-1.4\n%%EOF\n"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """A user of one organization."""

    app: Flask
    user_id: int
    username: str
    membership_id: int
    organization_id: int
    role: Role

    def client(self) -> FlaskClient:
        """Return a browser without JavaScript in which the person is signed in."""
        client = self.app.test_client()
        with self.app.app_context():
            token = sign_ins.sign_in(self.user_id, self.organization_id)
        with client.session_transaction() as session:
            session["_user_id"] = token
            session.permanent = True
        return client

    def token(self) -> dict[str, str]:
        """Return the headers by which the API knows the person, in this organization."""
        with self.app.app_context():
            access = tokens.issue(self.user_id, self.organization_id).access
        return {"Authorization": f"Bearer {access}", "X-Tenant-ID": str(self.organization_id)}

    @contextmanager
    def acting(self, branch_id: int | None = None) -> Iterator[None]:
        """Call services and factories as the person; bound to a branch, they make what belongs to it."""
        with self.app.app_context(), use_organization(self.organization_id, self.user_id, branch_id):
            yield


@dataclass(frozen=True)
class Cast:
    """The people of the shop, and the owner of another organization."""

    owner: Person
    manager: Person
    staff: Person
    viewer: Person
    stranger: Person

    def of_shop(self) -> list[Person]:
        """Return everyone but the stranger, those who may do least first."""
        return [self.viewer, self.staff, self.manager, self.owner]


def make_cast(app: Flask) -> Cast:
    """Make the shop with its people, and the stranger's organization."""
    with app.app_context(), transaction():
        shop, rival = make_organization("shop"), make_organization("rival")
        people = {role.label: make_person(app, role.label, shop, role) for role in Role}
        return Cast(**people, stranger=make_person(app, "stranger", rival, Role.OWNER))


def make_organization(slug: str, **values: Any) -> int:
    """Make an organization in Jakarta and return its id."""
    defaults = {"time_zone": "Asia/Jakarta", "currency": "IDR", "phone_region": "ID", "locale": "id_ID"}
    return _save(Organization(slug=slug, **{"name": slug.title(), **defaults, **values}))


def make_person(app: Flask, username: str, organization_id: int, role: Role) -> Person:
    """Make a user of the organization; their password is PASSWORD."""
    user_id = _save(User(username=username, password_hash=PASSWORD_HASH))
    membership_id = join(user_id, organization_id, role)
    return Person(app, user_id, username, membership_id, organization_id, role)


def join(user_id: int, organization_id: int, role: Role) -> int:
    """Let a user join an organization and return the id of the membership."""
    return _save(Membership(user_id=user_id, organization_id=organization_id, role=role))


def make_branch(name: str = "") -> int:
    """Make a branch and return its id."""
    return _save(Branch(name=name or f"Branch {next(_numbers)}"))


def make_member() -> int:
    """Let a new user join the current organization as staff and return the id of the membership."""
    organization_id = db.session.get_one(Branch, make_branch()).organization_id
    user_id = _save(User(username=f"user{next(_numbers)}", password_hash=PASSWORD_HASH))
    return join(user_id, organization_id, Role.STAFF)


def make_invitation() -> int:
    """Make an invitation to the current organization, whoever acts, and return its id."""
    number, ends = next(_numbers), clock.utcnow() + invitations.LASTS
    values = {"name": f"Person {number}", "email": "", "role_name": Role.STAFF.label}
    return _save(Invitation(token_hash=f"hash {number}", expires_at=ends, **values))


def make_token() -> str:
    """Invite somebody to the current organization and return what their link holds."""
    return invitations.invite(f"Person {next(_numbers)}", "", Details(Role.STAFF)).token


def make_customer(**values: Any) -> int:
    """Make a customer and return their id."""
    number = next(_numbers)
    return create_customer({"name": f"Customer {number}", **values}, another_person=True).id


def make_bulk_change() -> int:
    """Make a deactivation of one customer that can be undone, and return its id."""
    return change_many(Selection.of([make_customer()]), Action.DEACTIVATE).id


def make_message(**values: Any) -> int:
    """Make a message that is due tomorrow and return its id."""
    number = 10_000 + next(_numbers)
    customer_id = values.pop("customer_id", None) or make_customer(phone=f"+62 812 345 {number}")
    tomorrow = clock.utcnow() + dt.timedelta(days=1)
    return _save(
        Message(
            **{
                "customer_id": customer_id,
                "channel": "sms",
                "body": "Your cake is ready",
                "send_at": tomorrow,
                **values,
            }
        )
    )


def make_series() -> int:
    """Make a message that comes again every month and return the id of its series."""
    number, send_at = 30_000 + next(_numbers), clock.utcnow() + dt.timedelta(days=1)
    rule = Rule(Frequency.MONTHLY, 1, send_at.date(), dt.time(9))
    message = schedule(make_customer(phone=f"+62 812 345 {number}"), SMS, "See you", send_at, rule=rule)
    found = series_of_message(message.id)
    assert found is not None
    return found.id


def make_template(**values: Any) -> int:
    """Make a template and return its id."""
    name = values.pop("name", f"Template {next(_numbers)}")
    defaults = {"channel": "sms", "body": "Hi {name}, see you at {branch}."}
    return _save(Template(name=name, name_key=name.casefold(), **{**defaults, **values}))


def make_blocked_sender() -> int:
    """Make a sender of SMS that its provider refuses, and return its id."""
    with transaction() as session:
        session.execute(sa.delete(BlockedSender))
    row = BlockedSender(channel="sms", gateway="twilio", reason="Twilio refused the account.", probe_at=clock.utcnow())
    return _save(row)


def make_invoice(customer_id: int | None = None, **values: Any) -> int:
    """Make an invoice and return its id."""
    customer_id = customer_id or make_customer()
    return add_invoice(customer_id, 150_000_00, clock.utcnow().date(), "Cake", **values).id


def make_referral_code(customer_id: int | None = None) -> str:
    """Make a customer's referral code and return it."""
    return give_referral_code(customer_id or make_customer()).referral_code or ""


def make_referral(friend_id: int | None = None) -> int:
    """Make a referral that waits for staff, and return its id."""
    referrer, friend_id = give_referral_code(make_customer()), friend_id or make_customer()
    with transaction() as session:
        referral = referrals.join(session.get_one(Customer, friend_id), session.get_one(Customer, referrer.id))
        referral.state, referral.reasons = State.REVIEW, Reason.NAME.value
        return referral.id


def make_automation(**values: Any) -> int:
    """Make an automation that gives 50 points on birthdays and gave them to somebody, and return its id."""
    given = {"occasion": Occasion.BIRTHDAY, "days": 0, "points": 50, **values}
    automation = automations.add(given)
    give(automation, make_customer(), "birthday:2026", clock.utcnow().date())
    return automation.id


def make_receipt(state: str = "ready", customer_id: int | None = None) -> int:
    """Make a receipt with its files and return its id."""
    key = f"receipts/test-{next(_numbers)}"
    storage.current().put(key, PDF)
    return _save(
        Receipt(
            invoice_id=make_invoice(customer_id),
            filename="receipt.pdf",
            kind="pdf",
            size=len(PDF),
            sha256="0" * 64,
            original_key=key,
            pdf_key=key if state == "ready" else None,
            state=state,
        )
    )


def make_document() -> int:
    """Make a document of a booking with its files and return its id."""
    receipt_id = make_receipt()
    with transaction() as session:
        receipt = session.get_one(Receipt, receipt_id)
        receipt.invoice_id, receipt.booking_id = None, make_booking()
    return receipt_id


def make_points_entry(customer_id: int | None = None) -> int:
    """Add points to a customer and return the id of the entry."""
    return change_points(customer_id or make_customer(), 620, "Birthday").id


def make_draw() -> int:
    """Deduct points from a lot and return the id of what it drew."""
    entry_id = make_points_entry()
    deducted = change_points(db.session.get_one(PointsEntry, entry_id).customer_id, -20, "Coffee")
    return db.session.scalars(sa.select(PointsDraw.id).where(PointsDraw.entry_id == deducted.id)).one()


def make_multiplier(**values: Any) -> int:
    """Let Saturdays earn double, by rules of the organization's own, and return the multiplier's id."""
    with transaction() as session:
        if session.scalar(sa.select(LoyaltySettings.id)) is None:
            session.add(LoyaltySettings())
    return _save(PointsMultiplier(**{"kind": MultiplierKind.WEEKDAY, "weekday": 5, "thousandths": 2_000} | values))


def make_reward(**values: Any) -> int:
    """Make a reward for 100 points and return its id."""
    defaults = {"name": f"Coffee {next(_numbers)}", "kind": RewardKind.FREE_ITEM, "cost": 100}
    return catalogue.add({**defaults, **values}).id


def make_voucher(customer_id: int | None = None, **values: Any) -> int:
    """Let a customer redeem points for a new reward and return the id of the voucher."""
    customer_id = customer_id or make_customer()
    make_points_entry(customer_id)
    return vouchers.redeem(customer_id, make_reward(**{"voucher_days": 30, **values})).id


def make_attempt(gateway: str = "twilio", **values: Any) -> int:
    """Make an attempt to send a message by a provider that took it, and return its id."""
    accepted = {"channel": "sms", "status": "accepted", "handed_over_at": clock.utcnow(), **values}
    message_id = make_message(**accepted)
    recipient = db.session.get_one(Message, message_id).customer.phone
    with transaction() as session:
        attempt = Attempt(
            message_id=message_id,
            claim_token="0" * 32,
            gateway=gateway,
            channel=accepted["channel"],
            recipient=recipient,
            body="Your cake is ready",
        )
        session.add(attempt)
        session.flush()
        keep_recipients({attempt.id: recipient})
        return attempt.id


def make_sender_test() -> int:
    """Make a test message that went out by Twilio, and return its id."""
    return trials.start(SMS, "twilio")


def make_suppression() -> int:
    """Put a number on the list of opt-outs and return the id of its row."""
    return put_on(f"+62812345{20_000 + next(_numbers)}", PHONES, OptOutSource.STAFF).id


def make_text(**values: Any) -> int:
    """Make a text that came in, of a number that nobody has, and return its id."""
    number = next(_numbers)
    values = {"sender": f"+62812346{20_000 + number}", "body": "Is my table booked?", "effect": ""} | values
    values = {"gateway": "twilio", "provider_id": f"SM{number}", "channel": "sms", "recipient": "+62215001"} | values
    return _save(InboundMessage(**{"sent_at": clock.utcnow(), "applied_at": clock.utcnow(), **values}))


def make_text_of_customer() -> int:
    """Make a text that came in from a customer and return its id."""
    sender = f"+62812347{20_000 + next(_numbers)}"
    make_customer(phone=sender)
    return make_text(sender=sender)


def make_booking(**values: Any) -> int:
    """Make a booking for one person next week and return its id."""
    number = next(_numbers)
    persons = values.pop("persons", [{"name": f"Traveller {number}"}])
    day = clock.utcnow().date() + dt.timedelta(days=7)
    return bookings.create({"date": day, **values}, persons).id


def make_area_customer(**values: Any) -> int:
    """Make an area customer and return its id."""
    number = next(_numbers)
    return area_customers.add({"name": f"Person {number}", "area": "Kemang", **values}).id


def make_scan(**values: Any) -> int:
    """Make a scan that is done and return its id; one who is bound to a branch makes one of that branch."""
    defaults = {"cutoff_days": 30, "since": clock.utcnow() - dt.timedelta(days=30), "state": "done"}
    return _save(Scan(**{**defaults, "branch_id": bound_branch(), "total": 12, "looked": 12, "created": 3, **values}))


def make_lead(**values: Any) -> int:
    """Make a lead and return its id."""
    return create_lead({"name": f"Lead {next(_numbers)}", **values}).id


def make_follow_up(lead_id: int | None = None, **values: Any) -> int:
    """Make a follow-up that was due an hour ago and return its id."""
    due_at = values.get("due_at", clock.utcnow() - dt.timedelta(hours=1))
    return add_follow_up(lead_id or make_lead(), values.get("method", Method.CALL), values.get("note", ""), due_at).id


def make_note(lead_id: int | None = None, **values: Any) -> int:
    """Make a note about a lead, or about a customer, and return its id."""
    kind, text = Kind(values.get("kind", "note")), values.get("text", "Likes the window seat")
    if lead_id is not None:
        return add_to_lead(lead_id, kind, text).id
    return add_to_customer(values.get("customer_id") or make_customer(), kind, text).id


def make_commitment(lead_id: int | None = None, **values: Any) -> int:
    """Make a loan commitment that was promised for two days ago and return its id."""
    day = values.get("promised_date", clock.utcnow().date() - dt.timedelta(days=2))
    return add_commitment(lead_id or make_lead(), values.get("amount", 250_000_00), day).id


def make_reminder_change() -> int:
    """Mark a follow-up as done in the list of reminders, and return the id of what undoes it."""
    change_id = reminders.mark_done([f"follow-up-{make_follow_up()}"]).change_id
    assert change_id is not None
    return change_id


def make_export() -> int:
    """Export the customers and return the id of the export."""
    return exports.create("customers", Format.CSV, {}).id


def make_import() -> int:
    """Check a file with a new customer and a row that can't be read, and return the import's id."""
    number = 60_000 + next(_numbers)
    file = io.BytesIO(f"Name,Phone,E-mail\nSari,+62812345{number},\nBudi,,no e-mail\n".encode())
    return imports.run_check(imports.create("people.csv", file, in_foreground=True).id).id


def make_import_row() -> int:
    """Return the id of the first row of a new import."""
    import_id = make_import()
    return db.session.scalars(sa.select(ImportRow.id).where(ImportRow.import_id == import_id).limit(1)).one()


def make_duplicate(first_id: int | None = None, second_id: int | None = None) -> int:
    """Enter two customers who may be one person, and return the id of the entry."""
    number = 40_000 + next(_numbers)
    pair = [id_ or make_customer(name="Sari", phone=f"+62 812 345 {number}") for id_ in (first_id, second_id)]
    return add_entry((pair[0], pair[1])).id


def make_contact(customer_id: int | None = None, value: str = "", kind: str = "phone") -> int:
    """Let a customer have come with a further number or address, and return the id of its row."""
    value = value or f"+6281234{50_000 + next(_numbers)}"
    return _save(CustomerKey(customer_id=customer_id or make_customer(), kind=kind, value=value))


def make_consent() -> int:
    """Let a customer agree to marketing, and return the id of the row that proves it."""
    customer_id = make_customer(marketing_email=Consent.GIVEN)
    proofs = sa.select(ConsentChange.id).where(ConsentChange.customer_id == customer_id)
    return db.session.scalars(proofs).one()


def make_unsubscribe_token() -> str:
    """Return the token of the link in marketing to a customer."""
    return token_for(require_organization(), make_customer(), "email", "siti@mail.example")


def make_backup() -> int:
    """Make a backup that is kept, and return its id."""
    key = f"shop/backup-{next(_numbers)}.zip"
    store.current().put(key, b"PK")
    return _save(Backup(kind="by_hand", state="ready", key=key, size=2, backed_up_at=clock.utcnow()))


def make_inactive() -> int:
    """Put a customer on the list of those who are to be erased by the rules, and return the id of the entry."""
    retention.save(dict.fromkeys(RULES, 24))
    erase_at = clock.utcnow() + dt.timedelta(days=14)
    return _save(InactiveCustomer(customer_id=make_customer(), erase_at=erase_at))


def make_link(customer_id: int | None = None, scope: Scope = Scope.PAGE) -> int:
    """Make a link to a customer's card or page and return its id."""
    return links.make_link(customer_id or make_customer(), scope).link.id


def make_card_code(customer_id: int | None = None) -> str:
    """Let a customer have a card, and return the code on it."""
    return card_code(links.make_link(customer_id or make_customer(), Scope.CARD).link.customer_id)


def make_wish(customer_id: int | None = None) -> int:
    """Let a customer wish to be erased within a month, and return the id of the wish."""
    due_at = clock.utcnow() + dt.timedelta(days=30)
    return _save(ErasureRequest(customer_id=customer_id or make_customer(), due_at=due_at))


def make_visit(customer_id: int | None = None, branch_id: int | None = None) -> int:
    """Check a customer in and return the id of the visit."""
    return visits.check_in(customer_id or make_customer(), branch_id).visit.id


def make_badge(**values: Any) -> int:
    """Make a badge for a visit and return its id."""
    defaults = {"name": f"Badge {next(_numbers)}", "metric": Metric.VISITS, "target": 1, "period": Period.EVER}
    return badges.add({**defaults, **values}).id


def make_report_settings() -> int:
    report_settings.save({"look_back_months": 12, "margin": 40})
    return db.session.scalars(sa.select(ReportSettings.id)).one()


def make_badge_grant() -> int:
    """Let a customer reach a badge by a visit and return the id of the grant."""
    badge_id = make_badge()
    make_visit()
    return db.session.scalars(sa.select(BadgeGrant.id).where(BadgeGrant.badge_id == badge_id)).one()


def make_segment(name: str = "", query: dict[str, str] | None = None) -> int:
    """Save a filter, everybody if not said, as a segment and return its id."""
    return segments.add(name or f"Segment {next(_numbers)}", query or {}).id


def make_campaign(**values: Any) -> int:
    """Make a draft of a campaign to a new segment and return its id; bound to a branch, it is of that branch."""
    defaults = {"name": f"Campaign {next(_numbers)}", "channel": SMS, "body": "Hi {name}"}
    return campaigns.add({**defaults, "segment_id": make_segment(), **values}).id


def make_paused_campaign() -> int:
    """Make a campaign to a few customers that was paused in the middle, some of them held out, and return its id."""
    reached = [
        make_customer(
            phone=f"+62812888{next(_numbers):05}", marketing_sms=Consent.GIVEN if number else Consent.WITHDRAWN
        )
        for number in range(8)
    ][1:]
    campaign_id = make_campaign(hold_out=50)
    with transaction() as session:
        # A key that draws some of them and not all.
        keys = map(str, itertools.count())
        drawn = (key for key in keys if 0 < sum(is_held_out(key, id_, 50) for id_ in reached) < len(reached))
        session.get_one(Campaign, campaign_id).draw_key = next(drawn)
    campaigns.schedule(campaign_id)
    for _start_and_messages in range(2):
        take_turn(campaign_id)
    campaigns.pause(campaign_id)
    return campaign_id


def make_address_token() -> str:
    """Make the acting user's link to confirm an address, and return its token."""
    return make_user_link(current_actor() or 0, LetterKind.CONFIRM, dt.timedelta(hours=1), "new@shop.test")


def make_reset_token() -> str:
    """Let the acting user have a confirmed address, make their link to a new password, and return its token."""
    user_id = current_actor() or 0
    with transaction() as session:
        session.get_one(User, user_id).email = "sari@shop.test"
        return make_user_link(user_id, LetterKind.RESET, dt.timedelta(hours=1), "sari@shop.test")


FILL: dict[str, Callable[[], Any]] = {
    "branch_id": make_branch,
    "backup_id": make_backup,
    "membership_id": make_member,
    "invitation_id": make_invitation,
    "token": make_token,
    "address_token": make_address_token,
    "reset_token": make_reset_token,
    "customer_id": make_customer,
    "contact_id": make_contact,
    "consent_id": make_consent,
    "unsubscribe_token": make_unsubscribe_token,
    "change_id": make_bulk_change,
    "message_id": make_message,
    "attempt_id": make_attempt,
    "test_id": make_sender_test,
    "suppression_id": make_suppression,
    "text_id": make_text_of_customer,
    "template_id": make_template,
    "sender_id": make_blocked_sender,
    "series_id": make_series,
    "invoice_id": make_invoice,
    "receipt_id": make_receipt,
    "referral_id": make_referral,
    "automation_id": make_automation,
    "referral_code": make_referral_code,
    "document_id": make_document,
    "booking_id": make_booking,
    "area_customer_id": make_area_customer,
    "entry_id": make_points_entry,
    "draw_id": make_draw,
    "multiplier_id": make_multiplier,
    "scan_id": make_scan,
    "report_settings_id": make_report_settings,
    "lead_id": make_lead,
    "follow_up_id": make_follow_up,
    "commitment_id": make_commitment,
    "note_id": make_note,
    "duplicate_id": make_duplicate,
    "export_id": make_export,
    "reminder_change_id": make_reminder_change,
    "import_id": make_import,
    "row_id": make_import_row,
    "inactive_id": make_inactive,
    "device": lambda: "0123456789abcdef",
    "pass_type": lambda: "pass.example.shop",
    "serial": lambda: "1-1-00000000",
    "link_id": make_link,
    "card_code": make_card_code,
    "reward_id": make_reward,
    "voucher_id": make_voucher,
    "wish_id": make_wish,
    "visit_id": make_visit,
    "badge_id": make_badge,
    "grant_id": make_badge_grant,
    "segment_id": make_segment,
    "campaign_id": make_campaign,
}
"""How to make the row of each id that stands in a URL, for the tests that try every page."""


def owners_of(ids: dict[str, int]) -> dict[str, int]:
    """Return the ids of the rows that others of the same URL hang on: /leads/<id>/follow-ups/<id>/."""
    if "contact_id" in ids:
        return {"customer_id": db.session.get_one(CustomerKey, ids["contact_id"]).customer_id}
    if "row_id" in ids:
        return {"import_id": db.session.get_one(ImportRow, ids["row_id"]).import_id}
    parts: dict[str, Any] = {"follow_up_id": FollowUp, "commitment_id": LoanCommitment}
    found = [db.session.get_one(parts[name], ids[name]).lead_id for name in parts if name in ids]
    return {"lead_id": found[0]} if found and "lead_id" in ids else {}


def _save(row: Base) -> int:
    with transaction() as session:
        session.add(row)
        session.flush()
        return int(row.id)  # type: ignore[attr-defined]
