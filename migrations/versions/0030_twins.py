"""The other spelling of the numbers that texts of before came from, so that they find the sender's customer.

Organizations without secrets have no stamp of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt
from crm.values import phone

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = "inbound_messages"
BATCH = 2_000

texts = sa.table(
    TABLE,
    *(sa.column(name, BigInt) for name in ("id", "organization_id")),
    *(sa.column(name, sa.String) for name in ("sender", "twin")),
)
secrets = sa.text("SELECT count(*) FROM organization_secrets WHERE organization_id = :id")
unmark = sa.text("UPDATE organizations SET secrets_stamp = '' WHERE id = :id AND secrets_stamp = 'before'")


def upgrade() -> None:
    bind = op.get_bind()
    for id_ in bind.scalars(sa.text("SELECT id FROM organizations ORDER BY id")).all():
        _enter(str(id_))
        _fill_twins(id_)
        if not bind.scalar(secrets, {"id": id_}):
            bind.execute(unmark, {"id": id_})
    _enter("")


def _fill_twins(organization_id: int) -> None:
    bind = op.get_bind()
    here = texts.c.organization_id == organization_id
    two_ways = sa.or_(*(texts.c.sender.like(f"{code}%") for code in ("+52", "+54", "+55")))
    update = sa.update(texts).where(here, texts.c.id == sa.bindparam("row")).values(twin=sa.bindparam("other"))
    last = 0
    rows = sa.select(texts.c.id, texts.c.sender).where(here, texts.c.twin == "", two_ways).order_by(texts.c.id)
    while found := bind.execute(rows.where(texts.c.id > last).limit(BATCH)).all():
        last = found[-1].id
        twins = [{"row": row.id, "other": other} for row in found for other in phone.variants(row.sender)[1:]]
        if twins:
            bind.execute(update, twins)


def _enter(organization_id: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().execute(sa.select(sa.func.set_config("app.organization_id", organization_id, True)))
