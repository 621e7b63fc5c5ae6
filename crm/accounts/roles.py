"""Roles, and which role each endpoint needs. What is not in the table is not served."""

from __future__ import annotations

import enum


class Role(enum.IntEnum):
    """What a user may do in an organization; each role may do what the one before it may."""

    VIEWER = 1
    STAFF = 2
    MANAGER = 3
    OWNER = 4

    @classmethod
    def named(cls, name: str) -> Role:
        """Return the role called `name` ("staff"); raises ValueError with a sentence."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError("The role has to be owner, manager, staff or viewer.") from None

    @property
    def label(self) -> str:
        """The role's name as people write it."""
        return self.name.lower()

    @property
    def may_be_bound(self) -> bool:
        """Whether an organization may show a user of this role the customers of their branch alone."""
        return self < Role.MANAGER


PUBLIC = frozenset(
    {
        "static",
        "accounts.login",
        "accounts.start",
        "accounts.setup",
        "accounts.set_up",
        "accounts.open_setup",
        "accounts.invitation",
        "accounts.accept_invitation",
        "health.up",
        "health.ready",
        "messages.twilio_status",
        "messages.twilio_test",
        "messages.twilio_inbound",
        "messages.whatsapp_subscription",
        "messages.whatsapp",
        "api.document",
        "api.docs",
        "api_token.issue",
        "api_token.refresh",
        "api_webhook.receive",
    }
)
"""Endpoints without sign-in; what other systems call proves itself by a signature."""

API = "api_"
"""How the names of endpoints begin that know people by a token, and by nothing else."""

NOWHERE = frozenset({"accounts.logout", "accounts.switch", "accounts.organizations"})
"""Endpoints of every signed-in user, even where they act in no organization."""

SIGNED_IN = NOWHERE | {"accounts.password", "accounts.leave"}
"""Endpoints of every signed-in user, whatever the role."""

ROLES: dict[str, Role] = {
    "home.index": Role.VIEWER,
    "customers.index": Role.VIEWER,
    "customers.cities": Role.VIEWER,
    "customers.provinces": Role.VIEWER,
    "customers.show_bulk": Role.VIEWER,
    "customers.show": Role.VIEWER,
    "customers.timeline": Role.VIEWER,
    "customers.new": Role.STAFF,
    "customers.edit": Role.STAFF,
    "customers.archive": Role.STAFF,
    "customers.restore": Role.STAFF,
    "customers.make_main": Role.STAFF,
    "customers.remove_contact": Role.STAFF,
    "customers.bulk": Role.STAFF,
    "customers.undo_bulk": Role.STAFF,
    "customers.delete": Role.MANAGER,
    "duplicates.index": Role.VIEWER,
    "duplicates.show": Role.VIEWER,
    "duplicates.new": Role.STAFF,
    "duplicates.decide": Role.STAFF,
    "duplicates.undo": Role.STAFF,
    "invoices.index": Role.VIEWER,
    "invoices.new": Role.STAFF,
    "invoices.void": Role.MANAGER,
    "invoices.new_receipt": Role.STAFF,
    "invoices.receipt": Role.VIEWER,
    "invoices.receipt_file": Role.VIEWER,
    "invoices.receipt_original": Role.VIEWER,
    "invoices.retry_receipt": Role.STAFF,
    "bookings.index": Role.VIEWER,
    "bookings.new": Role.STAFF,
    "bookings.show": Role.VIEWER,
    "bookings.edit": Role.STAFF,
    "bookings.cancel": Role.STAFF,
    "bookings.take_up": Role.STAFF,
    "area_customers.index": Role.VIEWER,
    "area_customers.areas": Role.VIEWER,
    "area_customers.new": Role.STAFF,
    "area_customers.show": Role.VIEWER,
    "area_customers.edit": Role.STAFF,
    "loyalty.index": Role.VIEWER,
    "loyalty.new": Role.STAFF,
    "loyalty.reverse": Role.STAFF,
    "leads.index": Role.VIEWER,
    "leads.show": Role.VIEWER,
    "leads.new": Role.STAFF,
    "leads.edit": Role.STAFF,
    "leads.convert": Role.STAFF,
    "leads.undo_convert": Role.STAFF,
    "leads.lose": Role.STAFF,
    "leads.undo_lose": Role.STAFF,
    "leads.new_follow_up": Role.STAFF,
    "leads.done": Role.STAFF,
    "leads.undo_done": Role.STAFF,
    "leads.new_commitment": Role.STAFF,
    "leads.settle": Role.STAFF,
    "leads.reopen_commitment": Role.STAFF,
    "stats.index": Role.VIEWER,
    "inbox.index": Role.VIEWER,
    "inbox.done": Role.STAFF,
    "inbox.undo_done": Role.STAFF,
    "inbox.opt_out": Role.STAFF,
    "inbox.go_on": Role.STAFF,
    "messages.index": Role.VIEWER,
    "messages.console": Role.VIEWER,
    "messages.new": Role.STAFF,
    "messages.preview": Role.STAFF,
    "messages.edit": Role.STAFF,
    "messages.cancel": Role.STAFF,
    "messages.resend": Role.STAFF,
    "messages.done": Role.STAFF,
    "messages.undo_done": Role.STAFF,
    "messages.stop_series": Role.STAFF,
    "messages.undo_stop_series": Role.STAFF,
    "messages.opt_outs": Role.MANAGER,
    "messages.new_opt_out": Role.MANAGER,
    "messages.add_opt_out": Role.MANAGER,
    "messages.delete_opt_out": Role.MANAGER,
    "messages.stop_words": Role.MANAGER,
    "messages.templates": Role.MANAGER,
    "messages.new_template": Role.MANAGER,
    "messages.add_template": Role.MANAGER,
    "messages.edit_template": Role.MANAGER,
    "messages.preview_template": Role.MANAGER,
    "messages.delete_template": Role.MANAGER,
    "messages.undelete_template": Role.MANAGER,
    "collection.index": Role.VIEWER,
    "collection.collect": Role.STAFF,
    "collection.scan": Role.VIEWER,
    "collection.cancel": Role.STAFF,
    "collection.webhook": Role.OWNER,
    "collection.new_secret": Role.OWNER,
    "accounts.organization": Role.OWNER,
    "messages.messaging": Role.OWNER,
    "messages.test_sender": Role.OWNER,
    "messages.retry_sender": Role.OWNER,
    "messages.dismiss_sender": Role.OWNER,
    "accounts.users": Role.OWNER,
    "accounts.new_user": Role.OWNER,
    "accounts.invite": Role.OWNER,
    "accounts.revoke_invitation": Role.OWNER,
    "accounts.edit_user": Role.OWNER,
    "accounts.reset_password": Role.OWNER,
    "accounts.disable_user": Role.OWNER,
    "accounts.enable_user": Role.OWNER,
    "accounts.branches": Role.MANAGER,
    "accounts.new_branch": Role.MANAGER,
    "accounts.add_branch": Role.MANAGER,
    "accounts.edit_branch": Role.MANAGER,
    "accounts.confirm_delete_branch": Role.MANAGER,
    "accounts.delete_branch": Role.MANAGER,
    "api_customers.index": Role.VIEWER,
    "api_customers.create": Role.STAFF,
    "api_customers.show": Role.VIEWER,
    "api_customers.replace": Role.STAFF,
    "api_customers.change": Role.STAFF,
    "api_customers.archive": Role.STAFF,
    "api_customers.restore": Role.STAFF,
    "api_customers.stats": Role.VIEWER,
    "api_customers.update_points": Role.STAFF,
    "api_customers.bulk_update": Role.STAFF,
    "api_customers.points": Role.VIEWER,
    "api_collection.customers": Role.VIEWER,
    "api_collection.collect": Role.STAFF,
    "api_collection.scan": Role.VIEWER,
    "api_collection.add": Role.STAFF,
    "api_invoices.index": Role.VIEWER,
    "api_invoices.create": Role.STAFF,
    "api_invoices.show": Role.VIEWER,
    "api_invoices.void": Role.MANAGER,
    "api_invoices.add_receipts": Role.STAFF,
    "api_inbound.index": Role.VIEWER,
    "api_messages.index": Role.VIEWER,
    "api_messages.create": Role.STAFF,
    "api_messages.show": Role.VIEWER,
    "api_messages.change": Role.STAFF,
    "api_messages.cancel": Role.STAFF,
    "api_bookings.index": Role.VIEWER,
    "api_bookings.create": Role.STAFF,
    "api_bookings.show": Role.VIEWER,
    "api_bookings.replace": Role.STAFF,
    "api_bookings.change": Role.STAFF,
    "api_area_customers.index": Role.VIEWER,
    "api_area_customers.create": Role.STAFF,
    "api_area_customers.show": Role.VIEWER,
    "api_area_customers.replace": Role.STAFF,
    "api_area_customers.change": Role.STAFF,
    "api_leads.index": Role.VIEWER,
    "api_leads.create": Role.STAFF,
    "api_leads.show": Role.VIEWER,
    "api_leads.replace": Role.STAFF,
    "api_leads.change": Role.STAFF,
    "api_leads.follow_ups_index": Role.VIEWER,
    "api_leads.create_follow_up": Role.STAFF,
    "api_leads.show_follow_up": Role.VIEWER,
    "api_leads.change_follow_up": Role.STAFF,
    "api_leads.commitments_index": Role.VIEWER,
    "api_leads.create_commitment": Role.STAFF,
    "api_leads.show_commitment": Role.VIEWER,
    "api_leads.change_commitment": Role.STAFF,
    "api_branches.index": Role.VIEWER,
    "api_branches.create": Role.MANAGER,
    "api_branches.show": Role.VIEWER,
    "api_branches.replace": Role.MANAGER,
    "api_branches.change": Role.MANAGER,
}
"""The smallest role for each endpoint."""
