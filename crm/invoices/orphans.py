"""Stored files without a row: a process was killed between storing the file and writing the row."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from crm.invoices.files import FOLDER
from crm.invoices.models import Receipt
from crm.kernel import storage
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization

ORPHAN_AGE = dt.timedelta(hours=1)
"""No upload or conversion takes this long, so an older file without a row will never have one."""
BATCH = 500

_KEY = re.compile(rf"({FOLDER}/(\d+)/[0-9a-f]{{32}})/(original|receipt-[0-9a-f]{{32}}\.pdf)")

log = logging.getLogger(__name__)


def remove_orphans(older_than: dt.timedelta = ORPHAN_AGE) -> int:
    """Return how many files were removed; files with other names stay."""
    store = storage.current()
    store.discard_partial(older_than)
    removed = 0
    for keys in _batches(store.keys(FOLDER, older_than)):
        orphans = _orphans(keys)
        store.delete(*orphans)
        removed += len(orphans)
    if removed:
        log.info("%d files without a receipt are removed", removed)
    return removed


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while batch := list(itertools.islice(rest, BATCH)):
        yield batch


def _orphans(keys: list[str]) -> list[str]:
    by_organization: dict[int, list[re.Match[str]]] = defaultdict(list)
    for key in keys:
        if match := _KEY.fullmatch(key):
            by_organization[int(match[2])].append(match)
    orphans: list[str] = []
    for organization_id, matches in by_organization.items():
        with use_organization(organization_id):
            named = _named({f"{match[1]}/original" for match in matches})
        orphans += [match[0] for match in matches if match[0] not in named]
    return orphans


def _named(originals: set[str]) -> set[str]:
    rows = db.session.execute(
        sa.select(Receipt.original_key, Receipt.pdf_key).where(Receipt.original_key.in_(originals))
    )
    return {key for row in rows for key in row if key}
