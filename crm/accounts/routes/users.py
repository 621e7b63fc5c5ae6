"""The users of the organization."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from werkzeug.wrappers import Response

from crm.accounts import invitations, members, queries
from crm.accounts.access import find, find_member, here
from crm.accounts.forms import InviteForm, MemberFields, ResetPasswordForm, UserForm
from crm.accounts.models import Invitation, Membership
from crm.accounts.routes.blueprint import bp
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.roles import Role
from crm.values.language import gettext as _
from crm.web.htmx import done, respond


@bp.get("/settings/users")
def users() -> Response:
    return respond("accounts/users.html", "accounts/_users.html", **_list())


@bp.get("/settings/users/new")
def new_user() -> Response:
    return _new(InviteForm())


@bp.post("/settings/users")
def invite() -> Response:
    """Invite somebody; the link is shown only in this answer."""
    form = InviteForm()
    if not form.validate():
        return _new(form, 422)
    name, email = form.name.data or "", form.email.data or ""
    try:
        new = invitations.invite(name, email, _details(form), form.request_key())
    except SentenceError as error:
        form.refuse("branch", error)
        return _new(form, 422)
    link = current_app.config["PUBLIC_URL"] + url_for("accounts.invitation", token=new.token)
    page, fragment = "accounts/invited.html", "accounts/invited.htmx.html"
    subject = _("Join %(organization)s", organization=here().organization.name)
    shown = {"who": name or email, "email": email, "link": link, "subject": subject, "mail_note": new.mail_note}
    return respond(page, fragment, **shown, **_list())


@bp.post("/settings/users/invitations/<id:invitation_id>/revoke")
def revoke_invitation(invitation_id: int) -> Response:
    who = find(Invitation, invitation_id).label
    invitations.revoke(invitation_id)
    return _done(_("Invitation for %(name)s revoked. Its link no longer works.", name=who))


@bp.route("/settings/users/<id:membership_id>/edit", methods=["GET", "POST"])
def edit_user(membership_id: int) -> Response:
    member = find_member(membership_id)
    form = UserForm(name=member.user.name, role=member.role.label, branch=member.branch_id)
    if not form.is_submitted():
        return _edit(form, member)
    if not form.validate():
        return _edit(form, member, 422)
    try:
        members.change(membership_id, _details(form))
    except SentenceError as error:
        form.refuse("role", error)
        return _edit(form, find_member(membership_id), 422)
    gave_it_up = member.user_id == here().user.id and member.role < Role.OWNER
    return _done(_("%(name)s saved.", name=member.user.label), location="/" if gave_it_up else None)


@bp.route("/settings/users/<id:membership_id>/password", methods=["GET", "POST"])
def reset_password(membership_id: int) -> Response:
    member = find_member(membership_id)
    if queries.works_elsewhere(member.user_id):
        raise ConflictError(members.NOT_YOURS_TO_RESET)
    form = ResetPasswordForm(member.user)
    if form.is_submitted() and form.validate():
        members.reset_password(membership_id, form.password.data)
        return _done(_("%(name)s has a new password.", name=member.user.label))
    status = 422 if form.is_submitted() else 200
    return respond("accounts/user_password.html", "accounts/_user_password.html", status, form=form, member=member)


@bp.post("/settings/users/<id:membership_id>/disabled")
def disable_user(membership_id: int) -> Response:
    member = find_member(membership_id)
    members.disable(membership_id)
    undo = url_for("accounts.enable_user", membership_id=membership_id)
    return _done(_("%(name)s disabled.", name=member.user.label), undo)


@bp.post("/settings/users/<id:membership_id>/disabled/delete")
def enable_user(membership_id: int) -> Response:
    member = find_member(membership_id)
    members.enable(membership_id)
    return _done(_("%(name)s enabled.", name=member.user.label))


def _details(form: MemberFields) -> members.Details:
    return members.Details(Role.named(form.role.data), form.branch.data, form.name.data or "")


def _new(form: InviteForm, status: int = 200) -> Response:
    return respond("accounts/user_new.html", "accounts/_user_new.html", status, form=form)


def _edit(form: UserForm, member: Membership, status: int = 200) -> Response:
    return respond(
        "accounts/user_edit.html",
        "accounts/_user_edit.html",
        status,
        form=form,
        member=member,
        works_elsewhere=queries.works_elsewhere(member.user_id),
    )


def _done(message: str, undo: str | None = None, location: str | None = None) -> Response:
    location = location or url_for("accounts.users")
    return done(message, location, "accounts/users.htmx.html", undo=undo, **_list())


def _list() -> dict[str, Any]:
    return {"members": queries.members(), "invitations": queries.invitations()}
