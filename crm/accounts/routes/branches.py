"""The branches of the organization."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from crm.accounts import branch_uses, queries
from crm.accounts import branches as services
from crm.accounts.access import find
from crm.accounts.forms import BranchForm
from crm.accounts.models import Branch
from crm.accounts.routes.blueprint import bp
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _
from crm.web.htmx import done, respond


@bp.get("/settings/branches")
def branches() -> Response:
    return respond("accounts/branches.html", "accounts/_branches.html", branches=queries.branches())


@bp.get("/settings/branches/new")
def new_branch() -> Response:
    return _window(BranchForm())


@bp.post("/settings/branches")
def add_branch() -> Response:
    form = BranchForm()
    if not form.validate():
        return _window(form, status=422)
    try:
        services.add(form.name.data, form.request_key())
    except SentenceError as error:
        form.refuse("name", error)
        return _window(form, status=422)
    return _done(_("%(name)s added.", name=form.name.data))


@bp.route("/settings/branches/<id:branch_id>/edit", methods=["GET", "POST"])
def edit_branch(branch_id: int) -> Response:
    branch = find(Branch, branch_id)
    form = BranchForm(obj=branch)
    if not form.is_submitted():
        return _window(form, branch)
    if not form.validate():
        return _window(form, branch, status=422)
    try:
        services.rename(branch_id, form.name.data)
    except SentenceError as error:
        form.refuse("name", error)
        return _window(form, branch, status=422)
    return _done(_("%(name)s saved.", name=form.name.data))


@bp.get("/settings/branches/<id:branch_id>/delete")
def confirm_delete_branch(branch_id: int) -> Response:
    branch, uses = find(Branch, branch_id), branch_uses.uses_of_branch(branch_id)
    return respond(
        "accounts/branch_delete.html",
        "accounts/_branch_delete.html",
        branch=branch,
        problem=branch_uses.in_use(branch.name, uses) if uses else "",
    )


@bp.post("/settings/branches/<id:branch_id>/delete")
def delete_branch(branch_id: int) -> Response:
    name = find(Branch, branch_id).name
    services.delete(branch_id)
    return _done(_("%(name)s deleted.", name=name))


def _window(form: BranchForm, branch: Branch | None = None, status: int = 200) -> Response:
    return respond("accounts/branch_form.html", "accounts/_branch_form.html", status, form=form, branch=branch)


def _done(message: str) -> Response:
    return done(message, url_for("accounts.branches"), "accounts/branches.htmx.html", branches=queries.branches())
