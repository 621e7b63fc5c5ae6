"""Backups in the settings: the list, a new one, downloads, and resuming after a restore."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find, here
from crm.backups import keeping, queries, resume, store
from crm.backups.forms import ResumeForm
from crm.backups.models import Backup
from crm.kernel import health
from crm.kernel.storage import StorageError
from crm.values.language import gettext as _
from crm.web.ids import id_in

bp = Blueprint("backups", __name__)


@bp.get("/settings/backups")
def index() -> AnyResponse:
    return _page(ResumeForm(formdata=None))


@bp.post("/settings/backups")
def create() -> AnyResponse:
    keeping.request_backup()
    flash(_("The backup is being made. This page shows when it is there."), "success")
    return redirect(url_for("backups.index"), 303)


@bp.get("/settings/backups/<id:backup_id>/file")
def download(backup_id: int) -> AnyResponse:
    backup = find(Backup, backup_id)
    if not backup.is_ready:
        abort(404)
    key = backup.key
    try:
        size, chunks = store.current().stream(key)
    except FileNotFoundError:
        abort(404, _("The file is no longer in the storage."))
    except StorageError:
        abort(503, _("The file can't be read right now. Try again in a minute."))
    keeping.note_download(backup_id)
    response = Response(chunks, mimetype="application/zip")
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", filename=key.rpartition("/")[2])
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/settings/backups/resume")
def resume_sending() -> AnyResponse:
    form = ResumeForm()
    if not form.validate():
        return _page(form)
    ticked = [id_ for text in form.message.data or () if (id_ := id_in(text)) is not None]
    if resume.resume(resume.What(form.what.data), ticked):
        flash(_("Sending is resumed."), "success")
    else:
        flash(_("Sending was resumed already."), "warning")
    return redirect(url_for("backups.index"), 303)


def _page(form: ResumeForm) -> AnyResponse:
    last = queries.last_verified()
    context: dict[str, Any] = {
        "backups": queries.backups(),
        "last": last,
        "is_late": queries.is_late(here().organization.created_at),
        "paused": queries.paused() if here().organization.sending_paused else None,
        "worker_runs": health.worker_is_running(),
        "form": form,
    }
    page = render_template("backups/index.html", **context)
    return Response(page, 422 if form.errors or form.form_errors else 200, mimetype="text/html")
