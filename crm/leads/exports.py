"""Leads as an export."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Branch, User
from crm.kernel.exports import Column, Export, Kind
from crm.leads.lists import ids_of
from crm.leads.models import Lead, LeadStatus
from crm.values.language import N_

EXPORT = Export(
    "leads",
    N_("Leads"),
    50,
    "leads.index",
    ids_of,
    Lead.id,
    (
        Column("id", N_("Lead number"), Lead.id, Kind.NUMBER),
        Column("name", N_("Name"), Lead.name),
        Column("contact_number", N_("Phone"), Lead.phone, Kind.PHONE),
        Column("email", N_("E-mail"), Lead.email),
        Column("passport_number", N_("Passport number"), Lead.passport_number),
        Column("branch", N_("Branch"), sa.select(Branch.name).where(Branch.id == Lead.branch_id).scalar_subquery()),
        Column("source", N_("Source"), Lead.source),
        Column(
            "assigned_to",
            N_("Assigned to"),
            sa.select(User.username).where(User.id == Lead.assigned_to_id).scalar_subquery(),
        ),
        Column("status", N_("State"), Lead.status, words=lambda status: LeadStatus(status).label),
        Column("next_follow_up", N_("Next follow-up"), Lead.next_follow_up_at, Kind.MOMENT),
        Column("lost_reason", N_("Why it was lost"), Lead.lost_reason),
        Column("notes", N_("Notes"), Lead.notes),
        Column("customer", N_("Customer number"), Lead.customer_id, Kind.NUMBER),
        Column("created_at", N_("Added"), Lead.created_at, Kind.MOMENT),
    ),
)
