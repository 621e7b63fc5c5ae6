"""Convert due receipts in the worker, under a lease.

A worker that lost its lease writes nothing, and the PDF of each try has its own key, so two never overwrite each other.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from crm.invoices import rules
from crm.invoices.files import discard
from crm.invoices.models import Receipt
from crm.invoices.receipts import sandbox
from crm.invoices.services import KIND, record_change
from crm.kernel import storage
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.kernel.storage import StorageError
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease

LEASE = dt.timedelta(seconds=60)
"""Longer than any step: a request to the storage ends after 40 s, and a conversion renews the lease."""
MAX_TRIES = 3
STORAGE_PAUSE = dt.timedelta(seconds=30)
FOLDER_PREFIX = "crm-receipt-"
MISSING = "The uploaded file is not in the storage any more. Add the receipt once more."

log = logging.getLogger(__name__)


class ReceiptClaim(NamedTuple):
    receipt_id: int
    lease: Lease
    original_key: str


def convert_next(organization_id: int, receipt_id: int | None = None) -> bool:
    """Convert the given receipt, or the one that waits longest; False when none is due."""
    with use_organization(organization_id):
        with transaction():
            claim = _claim(Lease.take(KIND, LEASE, among=None if receipt_id is None else [receipt_id]))
        return _convert(claim)


def remove_stale_folders(older_than: dt.timedelta) -> None:
    limit = time.time() - older_than.total_seconds()
    for path in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        # Another worker may remove it at the same time.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime <= limit:
                shutil.rmtree(path, ignore_errors=True)


def _claim(lease: Lease) -> ReceiptClaim | None:
    receipt = db.session.scalars(locked(sa.select(Receipt).where(one_of(Receipt.id, lease.ids)))).one_or_none()
    if receipt is None or not receipt.is_converting:
        lease.end()
        return None
    if receipt.tries >= MAX_TRIES:
        _fail(receipt, rules.INTERRUPTED)
        return None
    receipt.claim(lease.token, lease.until)
    return ReceiptClaim(receipt.id, lease, receipt.original_key)


def _convert(claim: ReceiptClaim | None) -> bool:
    if claim is None:
        return False
    try:
        with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as folder:
            _convert_in(Path(folder), claim)
    except StorageError as error:
        log.warning("receipt %d waits for the storage: %s", claim.receipt_id, error)
        _update_claimed(claim, _wait_for_storage)
    return True


def _convert_in(folder: Path, claim: ReceiptClaim) -> None:
    source, target = folder / "original", folder / "receipt.pdf"
    try:
        storage.current().download(claim.original_key, source)
    except FileNotFoundError:
        _update_claimed(claim, lambda receipt: _fail(receipt, MISSING))
        return
    if not claim.lease.renew(LEASE):
        return
    result = sandbox.convert(source, target, lambda: claim.lease.renew(LEASE))
    if not result.pages:
        _update_claimed(claim, lambda receipt: _retry_or_fail(receipt, result.reason))
        return
    if not claim.lease.renew(LEASE):
        return
    key = f"{claim.original_key.rpartition('/')[0]}/receipt-{claim.lease.token}.pdf"
    storage.current().put(key, target)
    size = target.stat().st_size
    if not _update_claimed(claim, lambda receipt: _succeed(receipt, key, size, result)):
        discard([key])


def _update_claimed(claim: ReceiptClaim, write: Callable[[Receipt], None]) -> bool:
    """Return False when the receipt is deleted or another worker has it."""
    with transaction():
        held = claim.lease.lock_held()
        receipt = db.session.scalars(locked(sa.select(Receipt).where(one_of(Receipt.id, held)))).one_or_none()
        if receipt is None:
            log.info("receipt %d is not ours any more", claim.receipt_id)
            return False
        write(receipt)
        return True


def _succeed(receipt: Receipt, key: str, size: int, result: sandbox.Result) -> None:
    receipt.succeed(key, size, result.pages, result.notice)
    record_change("receipt.ready", receipt)
    due.settle(KIND, [receipt.id])


def _fail(receipt: Receipt, reason: str) -> None:
    receipt.fail(reason)
    record_change("receipt.failed", receipt)
    due.settle(KIND, [receipt.id])


def _retry_or_fail(receipt: Receipt, reason: str) -> None:
    if reason == rules.INTERRUPTED and receipt.tries < MAX_TRIES:
        receipt.release()
        due.put_off(KIND, [receipt.id], database_now())
    else:
        _fail(receipt, reason)


def _wait_for_storage(receipt: Receipt) -> None:
    receipt.release()
    receipt.tries -= 1
    due.put_off(KIND, [receipt.id], database_now() + STORAGE_PAUSE)
