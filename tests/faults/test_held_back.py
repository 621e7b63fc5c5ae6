"""What staff, customers and the clock hold back while workers send: no call begins after that is committed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from crm.customers.services import archive_customer
from crm.delivery.deliver import MAX_BATCH as BATCH
from crm.kernel.db import database_now
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.messages import services
from crm.messages.channels.phones import PHONES
from crm.messages.models import Attempt, Message
from crm.messages.suppression_models import OptOutSource
from crm.opt_outs import services as suppressions
from crm.values import clock
from tests.faults import runs
from tests.faults.fake import Fake
from tests.faults.invariants import check
from tests.messages.shop import Shop

COUNT = 3 * BATCH
"""More than two workers claim at once, so that some are still to be held back when the first goes out."""

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def cancel(message: Message) -> None:
    services.cancel_message(message.id)


def archive(message: Message) -> None:
    archive_customer(message.customer_id)


def opt_out(message: Message) -> None:
    suppressions.put_on(message.customer.phone, PHONES, OptOutSource.STOP, "STOP")


@POSTGRESQL
@pytest.mark.parametrize("hold_back", [cancel, archive, opt_out])
def test_nothing_begins_after_it_was_stopped(
    shop: Shop,
    fake: Fake,
    environ: dict[str, str],
    tmp_path: Path,
    hold_back: Callable[[Message], None],
) -> None:
    runs.load(shop, COUNT, text="{hang_after 1}")
    stopped: dict[int, dt.datetime] = {}
    with runs.crew(environ, tmp_path, 2) as crew:
        crew.at_work[0].wait_until(fake.accepted, "messages go out")
        with shop.inside():
            ids = db.session.scalars(sa.select(Message.id).order_by(Message.id.desc())).all()
        for id_ in ids:
            if runs.share_done(shop) == 1:
                break
            try:
                with shop.inside():
                    hold_back(db.session.get_one(Message, id_))
                    stopped[id_] = database_now()
            except ConflictError:
                continue  # it is being sent, and that was said
        runs.wait_for_the_end(shop, 90)

    found = check(shop, fake, count=COUNT)
    assert found["accepted"] < COUNT, "some were stopped in time"
    with shop.inside():
        attempts = {row.id: row for row in db.session.scalars(sa.select(Attempt))}
    late = [
        attempts[row["attempt"]].message_id
        for row in fake.accepted()
        if attempts[row["attempt"]].started_at > stopped.get(attempts[row["attempt"]].message_id, clock.utcnow())
    ]
    assert not late


@POSTGRESQL
def test_quiet_hours_are_the_organizations_not_the_workers(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path
) -> None:
    here = clock.utcnow().astimezone(ZoneInfo("Asia/Jakarta"))
    quiet = [(here + dt.timedelta(hours=hours)).strftime("%H:%M") for hours in (-2, 2)]
    shop.set(time_zone="Asia/Jakarta", quiet_from=quiet[0], quiet_until=quiet[1])
    runs.load(shop, 20)
    with runs.crew(environ, tmp_path, 0) as crew:
        worker = crew.start(TZ="America/New_York")
        worker.wait_until(lambda: runs.states(shop) == {"held": 20}, "they wait for the end of the quiet hours")
        time.sleep(2)
        assert not fake.accepted()

        shop.set(quiet_from="", quiet_until="")
        runs.wait_for_the_end(shop, 30)

    assert check(shop, fake, count=20) == {"accepted": 20}
