"""Pages of all invoices: the list, and their receipts as one file."""

from __future__ import annotations

import itertools
from typing import Any

from flask import Response, abort, request

from crm.accounts.queries import branches
from crm.invoices import archive, lists
from crm.invoices.lists import InvoiceFilter
from crm.invoices.models import InvoiceStatus
from crm.invoices.routes import bp as bp
from crm.kernel import storage
from crm.kernel.branch_scope import bound_branch
from crm.kernel.errors import ConflictError
from crm.kernel.storage import StorageError
from crm.values import clock
from crm.values.language import gettext as _
from crm.web.downloads import disposition
from crm.web.filters import number
from crm.web.htmx import respond


@bp.get("/invoices")
def index() -> Response:
    wanted = InvoiceFilter.from_args(request.args)
    page, sums = lists.page_of(wanted, request.args.get("page", 1, type=int)), lists.sums_of(wanted)
    shown: dict[str, Any] = {"sums": sums, "leaves_out": lists.leaves_out(wanted)}
    shown |= _choices() | {"receipts": archive.count_receipts(wanted, sums)}
    limits = {"latest": lists.LATEST, "most_receipts": archive.MAX_RECEIPTS}
    return respond("invoices/index.html", "invoices/_list.html", page=page, **shown, **limits)


@bp.get("/invoices/receipts.zip")
def receipts_archive() -> Response:
    """Answer the receipts of the list with this query; 409 for none or too many."""
    wanted = InvoiceFilter.from_args(request.args)
    count = archive.count_receipts(wanted, lists.sums_of(wanted))
    if count is None or count > archive.MAX_RECEIPTS:
        most = number(archive.MAX_RECEIPTS)
        raise ConflictError(
            _("A download takes up to %(most)s receipts. Choose a month, or filter further.", most=most)
        )
    if not count:
        raise ConflictError(_("There are no receipts here. Choose other filters."))
    pieces = archive.stream(archive.read(wanted), storage.current())
    try:
        # Before the answer begins, so that a storage that doesn't answer gets a sentence.
        first = next(pieces)
    except StorageError:
        abort(503, _("The files can't be read right now. Try again in a minute."))
    response = Response(itertools.chain([first], pieces), mimetype="application/zip")
    name = f"receipts-{wanted.month}.zip" if wanted.month else "receipts.zip"
    response.headers.set("Content-Disposition", "attachment", **disposition(name))
    return response


def _choices() -> dict[str, Any]:
    """Return what the list can be filtered by; staff of a branch see only theirs."""
    return {
        "months": [(month, clock.say_month(month)) for month in lists.months()],
        "statuses": [(status.value, status.label) for status in InvoiceStatus],
        "receipt_states": lists.RECEIPTS.items(),
        "sorts": lists.SORTS.items(),
        "branches": [] if bound_branch() else [(branch.id, branch.name) for branch in branches()],
    }
