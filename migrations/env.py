"""Run migrations on the application's own engine."""

from __future__ import annotations

from alembic import context
from flask import current_app

from crm.kernel import events, health, idempotency  # noqa: F401 -- their tables
from crm.kernel.columns import Base
from crm.kernel.extensions import db
from crm.kernel.work import due  # noqa: F401 -- its table

NOT_COMPARED = {
    *(f"ix_customers_{name}" for name in ("next", "branch", "active", "city", "province", "tier", "month", "archived")),
    *(f"ix_customers_marketing_{channel}" for channel in ("sms", "whatsapp", "email")),
    *(
        "ix_customers_tier_active",
        "ix_customers_branch_active",
        "ix_customer_search_text",
        "ix_messages_attention",
        "ix_messages_open",
    ),
}
"""Indexes with an order or an operator class, or of one database, which can't be compared with the models on both."""


def include_object(item: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Leave out of comparisons what only one of the databases has or can describe."""
    return name not in NOT_COMPARED and not (name or "").startswith("customer_search_fts")


def run_migrations() -> None:
    """Migrate in one transaction."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run_migrations()
