"""Organizations, customers, messages, invoices and receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("phone_region", sa.String(length=2), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("sms_gateway", sa.String(length=20), nullable=False),
        sa.Column("whatsapp_gateway", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
        sa.UniqueConstraint("slug", name="uq_organizations_slug"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failures"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_in_failures_at", "sign_in_failures", ["at"], unique=False)
    op.create_index("ix_sign_in_failures_account_at", "sign_in_failures", ["account", "at"], unique=False)
    op.create_index("ix_sign_in_failures_address_at", "sign_in_failures", ["address", "at"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("username", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "worker_beats",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("started_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker_beats"),
        sa.UniqueConstraint("name", name="uq_worker_beats_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "branches",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_branches_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_branches"),
        sa.UniqueConstraint("organization_id", "id", name="uq_branches_organization_id_id"),
        sa.UniqueConstraint("organization_id", "name", name="uq_branches_organization_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bulk_changes",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("customer_ids", sa.JSON(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_bulk_changes_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_bulk_changes_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_changes"),
        sa.UniqueConstraint("organization_id", "id", name="uq_bulk_changes_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "demo_ranges",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("first_id", BigInt, nullable=False),
        sa.Column("last_id", BigInt, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_demo_ranges_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_demo_ranges"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_demo_ranges_organization_id_kind", "demo_ranges", ["organization_id", "kind"], unique=False)

    op.create_table(
        "due_work",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_due_work_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "subject_id", name="pk_due_work"),
    )
    op.create_index("ix_due_work_kind_due_at", "due_work", ["kind", "due_at"], unique=False)
    op.create_index(
        "ix_due_work_kind_organization_id_due_at",
        "due_work",
        ["kind", "organization_id", "due_at"],
        unique=False,
    )

    op.create_table(
        "events",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("actor_id", BigInt, nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_id", BigInt, nullable=False),
        sa.Column("customer_id", BigInt, nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_events_actor_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_events_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_events_organization_id_customer_id_id",
        "events",
        ["organization_id", "customer_id", "id"],
        unique=False,
    )

    op.create_table(
        "sign_ins",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("organization_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_sign_ins_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sign_ins_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.UniqueConstraint("token_hash", name="uq_sign_ins_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"], unique=False)
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"], unique=False)

    op.create_table(
        "used_keys",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("subject_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_used_keys_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_used_keys_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_used_keys"),
        sa.UniqueConstraint("organization_id", "user_id", "key", name="uq_used_keys_organization_id_user_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "customers",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("phone_valid", sa.Boolean(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("city_key", sa.String(length=100), nullable=False),
        sa.Column("province", sa.String(length=100), nullable=False),
        sa.Column("province_key", sa.String(length=100), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("passport_number", sa.String(length=40), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("service_type", sa.String(length=100), nullable=False),
        sa.Column("sms_allowed", sa.Boolean(), nullable=False),
        sa.Column("whatsapp_allowed", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("archived_by_id", BigInt, nullable=True),
        sa.Column("last_activity_at", UtcDateTime(), nullable=True),
        sa.Column("next_message_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["archived_by_id"], ["users.id"], name="fk_customers_archived_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branches.organization_id", "branches.id"],
            name="fk_customers_organization_id_branch_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_customers_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sa.UniqueConstraint("organization_id", "id", name="uq_customers_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_customers_archived",
        "customers",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("archived_at IS NOT NULL"),
        sqlite_where=sa.text("archived_at IS NOT NULL"),
    )
    op.create_index("ix_customers_city", "customers", ["organization_id", "city_key"], unique=False)
    op.create_index("ix_customers_province", "customers", ["organization_id", "province_key"], unique=False)
    op.create_index("ix_customers_branch", "customers", ["organization_id", "branch_id"], unique=False)
    op.create_index(
        "ix_customers_next",
        "customers",
        ["organization_id", "next_message_at", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(
        "ix_customers_name",
        "customers",
        ["organization_id", "name_key", "id"],
        unique=False,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(
        "ix_customers_newest",
        "customers",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_index("ix_customers_phone", "customers", ["organization_id", "phone"], unique=False)
    op.create_index(
        "uq_customers_email",
        "customers",
        ["organization_id", "email"],
        unique=True,
        postgresql_where=sa.text("email IS NOT NULL"),
        sqlite_where=sa.text("email IS NOT NULL"),
    )

    op.create_table(
        "memberships",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branches.organization_id", "branches.id"],
            name="fk_memberships_organization_id_branch_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_memberships_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_memberships_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
        sa.UniqueConstraint("organization_id", "user_id", name="uq_memberships_organization_id_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"], unique=False)

    op.create_table(
        "customer_search",
        sa.Column("customer_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_customer_search_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customer_search"),
    )
    op.create_index(
        "ix_customer_search_organization", "customer_search", ["organization_id", "customer_id"], unique=False
    )

    op.create_table(
        "invoices",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("amount", BigInt, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_invoices_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_invoices_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_invoices_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invoices"),
        sa.UniqueConstraint("organization_id", "id", name="uq_invoices_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invoices_customer", "invoices", ["organization_id", "customer_id", "date", "id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("send_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("status_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("attempts_made", sa.Integer(), nullable=False),
        sa.Column("claim_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("handed_over_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by_id", BigInt, nullable=True),
        sa.Column("before_done", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["acknowledged_by_id"], ["users.id"], name="fk_messages_acknowledged_by_id"),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_messages_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_messages_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_messages_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("organization_id", "id", name="uq_messages_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_messages_attention",
        "messages",
        ["organization_id", "acknowledged_at", "send_at"],
        unique=False,
        postgresql_where=sa.text(NEEDS_A_PERSON),
        sqlite_where=sa.text(NEEDS_A_PERSON),
    )
    op.create_index("ix_messages_customer", "messages", ["organization_id", "customer_id", "send_at"], unique=False)
    op.create_index(
        "ix_messages_open",
        "messages",
        ["organization_id", "acknowledged_at", "send_at"],
        unique=False,
        postgresql_where=sa.text(OPEN),
        sqlite_where=sa.text(OPEN),
    )
    op.create_index("ix_messages_status", "messages", ["organization_id", "status", "send_at", "id"], unique=False)
    op.create_index("ix_messages_time", "messages", ["organization_id", "send_at", "id"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("message_id", BigInt, nullable=False),
        sa.Column("claim_token", sa.String(length=32), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.String(length=60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("provider_id", sa.String(length=100), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "message_id"],
            ["messages.organization_id", "messages.id"],
            name="fk_attempts_organization_id_message_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_attempts_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("organization_id", "id", name="uq_attempts_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_message", "attempts", ["organization_id", "message_id"], unique=False)
    op.create_table(
        "blocked_senders",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("blocked_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("probe_at", UtcDateTime(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_blocked_senders_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_blocked_senders"),
        sa.UniqueConstraint("organization_id", "channel", name="uq_blocked_senders_organization_id_channel"),
        sqlite_autoincrement=True,
    )

    op.create_table(
        "receipts",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("invoice_id", BigInt, nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("size", BigInt, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("original_key", sa.String(length=200), nullable=False),
        sa.Column("pdf_key", sa.String(length=200), nullable=True),
        sa.Column("pdf_size", BigInt, nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claim_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_receipts_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoices.organization_id", "invoices.id"],
            name="fk_receipts_organization_id_invoice_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_receipts_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.UniqueConstraint("organization_id", "id", name="uq_receipts_organization_id_id"),
        sa.UniqueConstraint("organization_id", "original_key", name="uq_receipts_organization_id_original_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_receipts_invoice", "receipts", ["organization_id", "invoice_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _index_text_on_sqlite()


def _protect_on_postgresql() -> None:
    for table in TENANT_TABLES:
        for statement in row_level_security(table):
            op.execute(statement)
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE INDEX ix_customer_search_text ON customer_search USING gin (text gin_trgm_ops)")


def _index_text_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE customer_search_fts USING fts5("
        "text, content='customer_search', content_rowid='customer_id', tokenize='trigram case_sensitive 1')"
    )
    removed = "INSERT INTO customer_search_fts (customer_search_fts, rowid, text)"
    removed += " VALUES ('delete', old.customer_id, old.text);"
    added = "INSERT INTO customer_search_fts (rowid, text) VALUES (new.customer_id, new.text);"
    for name, when, actions in (
        ("insert", "AFTER INSERT", added),
        ("delete", "AFTER DELETE", removed),
        ("update", "AFTER UPDATE OF text", removed + added),
    ):
        op.execute(f"CREATE TRIGGER customer_search_{name} {when} ON customer_search BEGIN {actions} END")


TENANT_TABLES = (
    "branches",
    "events",
    "bulk_changes",
    "demo_ranges",
    "used_keys",
    "customers",
    "messages",
    "attempts",
    "blocked_senders",
    "invoices",
    "receipts",
)

NEEDS_A_PERSON = "acknowledged_at IS NULL AND status IN ('expired', 'failed', 'reminder', 'unconfirmed', 'undelivered')"
OPEN = (
    "acknowledged_at IS NULL AND status IN ('claimed', 'held', 'reminder', 'retry_wait', 'scheduled', 'submitting',"
    " 'unconfirmed', 'unknown')"
)
