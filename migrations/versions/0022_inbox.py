"""The inbox: what came beside a text, who has seen to it, and what was answered where it may mean STOP.

Texts that came more than a week ago count as done: they stood on their customers' pages.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLE = "inbound_messages"
WEEK = dt.timedelta(days=7)


def upgrade() -> None:
    for name, length in (("what", 200), ("sender_id", 150), ("twin", 60), ("answer", 10)):
        op.add_column(TABLE, sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.add_column(TABLE, sa.Column("opens_window", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column(TABLE, sa.Column("done_at", UtcDateTime(), nullable=True))
    op.add_column(TABLE, sa.Column("done_by_id", BigInt, nullable=True))
    _count_old_as_done()
    for name, columns, condition in (
        ("ix_inbound_messages_time", ["organization_id", "sent_at", "id"], None),
        ("ix_inbound_messages_unread", ["organization_id", "sent_at", "id"], sa.text("done_at IS NULL")),
        ("ix_inbound_messages_sender_id", ["organization_id", "sender_id"], sa.text("sender_id != ''")),
    ):
        op.create_index(name, TABLE, columns, unique=False, sqlite_where=condition, postgresql_where=condition)


def _count_old_as_done() -> None:
    bind = op.get_bind()
    texts = sa.table(
        TABLE,
        sa.column("organization_id", BigInt),
        sa.column("received_at", UtcDateTime()),
        sa.column("done_at", UtcDateTime()),
    )
    old = texts.c.received_at < dt.datetime.now(dt.UTC) - WEEK
    choose = sa.text("SELECT set_config('app.organization_id', :id, true)")
    for (id_,) in bind.execute(sa.text("SELECT id FROM organizations")).all():
        if bind.dialect.name == "postgresql":
            bind.execute(choose, {"id": str(id_)})
        bind.execute(sa.update(texts).where(texts.c.organization_id == id_, old).values(done_at=texts.c.received_at))
    if bind.dialect.name == "postgresql":
        bind.execute(choose, {"id": ""})
