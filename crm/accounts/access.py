"""The only door to tenant rows: the acting user, their organization and role, and what they may see.

Pages identify a user by the browser's session, the JSON API only by the request's token.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn, TypeVar

import sqlalchemy as sa
from flask import Flask, abort, g, redirect, request, url_for
from flask_login import current_user
from sqlalchemy.sql.base import ExecutableOption
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import acting, presence
from crm.accounts.acting import Here, SignedIn
from crm.accounts.models import Membership, Organization, User
from crm.accounts.rules import tenant_key
from crm.accounts.tokens import TokenError, family_of
from crm.kernel.columns import Base
from crm.kernel.db import prepared
from crm.kernel.extensions import db, login_manager
from crm.kernel.manifest import catalog
from crm.kernel.roles import API, NOWHERE, PUBLIC, SIGNED_IN, Role
from crm.kernel.tenancy import enter_organization, leave_organization, require_organization
from crm.values import language
from crm.values.language import gettext as _
from crm.web.htmx import go_to
from crm.web.urls import with_query

Row = TypeVar("Row", bound=Base)
View = TypeVar("View", bound=Callable[[], AnyResponse])


def init_app(app: Flask) -> None:
    # The sign-in is a random token whose row can be deleted; tying it to an address would sign out phones on the move.
    login_manager.session_protection = None
    login_manager.init_app(app)
    app.before_request(_admit)
    app.add_template_global(typed_by)
    app.teardown_request(_leave)


def admit(found: Here) -> None:
    """Let the request act as `found` in their organization; abort with 403 where their role may not."""
    g.here = found
    enter_organization(found.organization.id, found.user.id, found.bound_to)
    access = catalog().access.get(request.endpoint or "")
    if access not in (SIGNED_IN, NOWHERE) and not (isinstance(access, Role) and found.role >= access):
        abort(403)


def here() -> Here:
    found: Here = g.here
    return found


class _InBackground(NamedTuple):
    organization: Organization
    role: Role


@contextmanager
def read_in_background() -> Iterator[None]:
    """Let lists be read as managers see them where no request is answered, for example in the worker."""
    if has_organization():
        yield
        return
    g.here = _InBackground(db.session.get_one(Organization, require_organization()), Role.MANAGER)
    try:
        yield
    finally:
        g.pop("here")


def signed_in() -> SignedIn:
    found: SignedIn = g.signed_in
    return found


class Guest(NamedTuple):
    """Somebody who reads a page of an organization and has no role in it."""

    organization: Organization
    role: int = 0


def show_to_guest(organization: Organization) -> None:
    """Write the page in the notation of an organization, whoever may be signed in, too."""
    g.guest = Guest(organization)


def has_organization() -> bool:
    return "here" in g


def asks_to_sign_in(view: View) -> View:
    """Let a view answer whatever is asked for by somebody who is not signed in."""
    login_manager.unauthorized_handler(view)
    return view


def typed_by() -> str:
    """Return what a form says of who fills it in, and where; read by `kept.py`."""
    return f"{here().user.id}-{here().organization.id}" if has_organization() else ""


def may(role: Role | str) -> bool:
    needed = Role.named(role) if isinstance(role, str) else role
    return has_organization() and here().role >= needed


def may_open(endpoint: str) -> bool:
    access = catalog().access[endpoint]
    return may(access) if isinstance(access, Role) else True


def recognize() -> bool:
    """Act as who is signed in, for a page of any address that they may see: one that tells of an error."""
    if not current_user.is_authenticated or not has_organization():
        return False
    found = here()
    _speak(found.user.language, found.organization.language)
    enter_organization(found.organization.id, found.user.id, found.bound_to)
    return True


def unauthorized(sentence: str | None = None) -> Unauthorized:
    values: dict[str, str | None] = {"realm": "api", **({"error": "invalid_token"} if sentence else {})}
    return Unauthorized(sentence, www_authenticate=WWWAuthenticate("bearer", values))


def find(model: type[Row], id_: int, *options: ExecutableOption) -> Row:
    """Return the row of the current organization with this id, loaded with `options`; 404 for a stranger's or none.

    Make `options` once, outside of the function: the statement is cached by them. A merged row (with a `successor_id`)
    redirects a page to its survivor; a write is refused with 409, because it was meant for another row; the API gets
    404.
    """
    row: Row | None = db.session.scalars(_by_id(model, *options), {"id": id_}).unique().first()
    if row is None and hasattr(model, "successor_id"):
        row = db.session.get(model, id_, execution_options={"all_branches": True})
        row = row if getattr(row, "successor_id", None) else None
    if row is None:
        abort(404)
    if getattr(row, "successor_id", None) is not None:
        _redirect_to_survivor(model, row)
    return row


def _redirect_to_survivor(model: type[Any], row: Any) -> NoReturn:
    id_, everywhere = row.id, {"all_branches": True}
    while row is not None and row.successor_id is not None:
        row = db.session.get(model, row.successor_id, execution_options=everywhere)
    # The survivor counts only where the user may see it.
    found = row and db.session.scalars(sa.select(model).where(model.id == row.id)).one_or_none()
    if found is None:
        abort(404)
    if (request.endpoint or "").startswith(API):
        abort(404, f"{model.__name__} {id_} was merged with {found.id}. Ask for {found.id} from now on.")
    if request.method != "GET":
        abort(409, _("This was merged with %(name)s. Open %(name)s, and do it there.", name=found.name))
    names = {name: found.id if value == id_ else value for name, value in (request.view_args or {}).items()}
    abort(redirect(with_query(url_for(request.endpoint or "", **names), request.args.items(multi=True)), 303))


def find_member(membership_id: int) -> Membership:
    row = db.session.scalars(
        sa.select(Membership).where(
            Membership.id == membership_id, Membership.organization_id == here().organization.id
        )
    ).first()
    if row is None:
        abort(404)
    return row


def organizations_of(user_id: int) -> list[Organization]:
    return list(
        db.session.scalars(
            sa.select(Organization)
            .join(Membership, Membership.organization_id == Organization.id)
            .where(Membership.user_id == user_id, Membership.disabled_at.is_(None))
            .order_by(Membership.id)
        )
    )


@login_manager.user_loader  # type: ignore[untyped-decorator]  # flask_login has no types
def load_user(token: str) -> User | None:
    """Return the user of a sign-in token, and set in `g` where they act; None when the sign-in has ended.

    A user who was disabled in the chosen organization acts nowhere until they choose another one.
    """
    found = acting.by_sign_in(token)
    if found is not None:
        g.here = found
        g.signed_in = SignedIn(found.user, found.sign_in_id)
        return found.user
    nowhere = acting.signed_in_by(token)
    if nowhere is None:
        return None
    g.signed_in = nowhere
    return nowhere.user


@functools.cache
def _by_id(model: Any, *options: ExecutableOption) -> sa.Select[Any]:
    return prepared(sa.select(model).where(model.id == sa.bindparam("id")).options(*options))


def _admit() -> AnyResponse | None:
    leave_organization()
    endpoint = request.endpoint
    access = catalog().access.get(endpoint or "")
    language.use(language.ENGLISH)
    if not (endpoint or "").startswith(API):
        _speak()
    if endpoint is None or access is PUBLIC:
        return None
    if endpoint.startswith(API):
        admit(_by_token())
        return None
    if not current_user.is_authenticated:
        asked: AnyResponse = login_manager.unauthorized()
        return asked
    _speak(current_user.language, here().organization.language if has_organization() else "")
    if not has_organization():
        return None if access is NOWHERE else go_to(url_for("accounts.organizations"))
    admit(here())
    if here().is_unseen:
        presence.see(here().membership_id)
    return None


def _speak(*choices: str) -> None:
    language.use(language.chosen(*choices, accepted=request.headers.get("Accept-Language", "")))


def _by_token() -> Here:
    scheme, _separator, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorized()
    try:
        family = family_of(token.strip())
    except TokenError as error:
        raise unauthorized(str(error)) from None
    asked = request.headers.get("X-Tenant-ID", "").strip()
    tenant, slug = tenant_key(asked)
    found = acting.by_token_family(family)
    if found is None:
        raise unauthorized("This access token has ended. Sign in again at /api/token/.")
    if asked and found.organization.id != tenant and found.organization.slug != slug:
        abort(400, "Tenant not found")
    return found


def _leave(error: BaseException | None = None) -> None:
    leave_organization()
    language.use(language.ENGLISH)
