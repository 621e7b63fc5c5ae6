"""Leads with their follow-ups and loan commitments, bookings with their persons, and area customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = ("leads", "follow_ups", "loan_commitments", "bookings", "booking_persons", "area_customers")


def upgrade() -> None:
    undone = sa.text("done_at IS NULL")
    op.create_table(
        "leads",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("lost_reason", sa.String(length=500), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("next_follow_up_at", UtcDateTime(), nullable=True),
        sa.Column("converted_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=60), server_default="", nullable=False),
        sa.Column("phone_valid", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("passport_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("customer_id", BigInt, nullable=True),
        sa.Column("do_not_collect", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("activity_at", UtcDateTime(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branches.organization_id", "branches.id"],
            name="fk_leads_organization_id_branch_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_leads_organization_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_leads_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sa.UniqueConstraint("organization_id", "id", name="uq_leads_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_leads_activity", "leads", ["organization_id", "activity_at", "id"], unique=False)
    op.create_index("ix_leads_customer", "leads", ["organization_id", "customer_id"], unique=False)
    op.create_index("ix_leads_email", "leads", ["organization_id", "email"], unique=False)
    op.create_index("ix_leads_follow_up", "leads", ["organization_id", "next_follow_up_at", "id"], unique=False)
    op.create_index("ix_leads_passport", "leads", ["organization_id", "passport_number"], unique=False)
    op.create_index("ix_leads_phone", "leads", ["organization_id", "phone"], unique=False)
    op.create_index("ix_leads_status", "leads", ["organization_id", "status", "id"], unique=False)
    op.create_table(
        "follow_ups",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("lead_id", BigInt, nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", BigInt, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("after_id", BigInt, nullable=True),
        sa.Column("first_contact", sa.Boolean(), nullable=False),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_follow_ups_created_by_id"),
        sa.ForeignKeyConstraint(["done_by_id"], ["users.id"], name="fk_follow_ups_done_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "after_id"],
            ["follow_ups.organization_id", "follow_ups.id"],
            name="fk_follow_ups_organization_id_after_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lead_id"],
            ["leads.organization_id", "leads.id"],
            name="fk_follow_ups_organization_id_lead_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_follow_ups_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_follow_ups"),
        sa.UniqueConstraint("organization_id", "id", name="uq_follow_ups_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_follow_ups_due",
        "follow_ups",
        ["organization_id", "due_at", "id"],
        unique=False,
        postgresql_where=undone,
        sqlite_where=undone,
    )
    op.create_index("ix_follow_ups_after", "follow_ups", ["organization_id", "after_id"], unique=False)
    op.create_index("ix_follow_ups_lead", "follow_ups", ["organization_id", "lead_id", "id"], unique=False)
    op.create_table(
        "loan_commitments",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("lead_id", BigInt, nullable=False),
        sa.Column("amount", BigInt, nullable=False),
        sa.Column("promised_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by_id", BigInt, nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_loan_commitments_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "lead_id"],
            ["leads.organization_id", "leads.id"],
            name="fk_loan_commitments_organization_id_lead_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_loan_commitments_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["settled_by_id"], ["users.id"], name="fk_loan_commitments_settled_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_loan_commitments"),
        sa.UniqueConstraint("organization_id", "id", name="uq_loan_commitments_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_loan_commitments_lead", "loan_commitments", ["organization_id", "lead_id", "id"], unique=False)
    op.create_index(
        "ix_loan_commitments_promised",
        "loan_commitments",
        ["organization_id", "promised_date", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "bookings",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("number_key", sa.String(length=40), nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("lead_id", BigInt, nullable=True),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_before", sa.String(length=10), nullable=False),
        sa.Column("amount", BigInt, nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branches.organization_id", "branches.id"],
            name="fk_bookings_organization_id_branch_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lead_id"],
            ["leads.organization_id", "leads.id"],
            name="fk_bookings_organization_id_lead_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_bookings_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
        sa.UniqueConstraint("organization_id", "id", name="uq_bookings_organization_id_id"),
        sa.UniqueConstraint("organization_id", "number_key", name="uq_bookings_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bookings_date", "bookings", ["organization_id", "date", "id"], unique=False)
    op.create_index("ix_bookings_lead", "bookings", ["organization_id", "lead_id"], unique=False)
    op.create_index("ix_bookings_status", "bookings", ["organization_id", "status", "date", "id"], unique=False)
    op.create_table(
        "booking_persons",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("booking_id", BigInt, nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=60), server_default="", nullable=False),
        sa.Column("phone_valid", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("passport_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("customer_id", BigInt, nullable=True),
        sa.Column("do_not_collect", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("activity_at", UtcDateTime(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "booking_id"],
            ["bookings.organization_id", "bookings.id"],
            name="fk_booking_persons_organization_id_booking_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_booking_persons_organization_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_booking_persons_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_booking_persons"),
        sa.UniqueConstraint("organization_id", "id", name="uq_booking_persons_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_booking_persons_activity", "booking_persons", ["organization_id", "activity_at", "id"], unique=False
    )
    op.create_index(
        "ix_booking_persons_booking", "booking_persons", ["organization_id", "booking_id", "id"], unique=False
    )
    op.create_index("ix_booking_persons_customer", "booking_persons", ["organization_id", "customer_id"], unique=False)
    op.create_table(
        "area_customers",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("area", sa.String(length=100), nullable=False),
        sa.Column("area_key", sa.String(length=100), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=60), server_default="", nullable=False),
        sa.Column("phone_valid", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("passport_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("customer_id", BigInt, nullable=True),
        sa.Column("do_not_collect", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("activity_at", UtcDateTime(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branches.organization_id", "branches.id"],
            name="fk_area_customers_organization_id_branch_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_area_customers_organization_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_area_customers_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_area_customers"),
        sa.UniqueConstraint("organization_id", "id", name="uq_area_customers_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_area_customers_activity", "area_customers", ["organization_id", "activity_at", "id"], unique=False
    )
    op.create_index("ix_area_customers_area", "area_customers", ["organization_id", "area_key", "id"], unique=False)
    op.create_index("ix_area_customers_branch", "area_customers", ["organization_id", "branch_id", "id"], unique=False)
    op.create_index("ix_area_customers_customer", "area_customers", ["organization_id", "customer_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in row_level_security(table):
                op.execute(statement)
