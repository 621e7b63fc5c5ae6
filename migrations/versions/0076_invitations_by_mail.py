"""Links of invitations by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitations", sa.Column("mail_note", sa.String(length=300), server_default="", nullable=False))
    op.add_column("user_letters", sa.Column("invitation_id", BigInt, nullable=True))
