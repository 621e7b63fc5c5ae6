"""One's own e-mail address, and the page of the link that confirms it."""

from __future__ import annotations

from flask import Response, flash, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import here
from crm.accounts.current_password import check_current, status_of
from crm.kernel.errors import SentenceError
from crm.user_mail import addresses, queries
from crm.user_mail.forms import AddressForm
from crm.user_mail.gateways import way_for
from crm.user_mail.links import LinkEndedError, find_link
from crm.user_mail.routes.blueprint import bp
from crm.user_mail.routes.by_link import page, refuse
from crm.user_mail.rules import Kind
from crm.values.language import gettext as _
from crm.web.htmx import go_to, respond


@bp.route("/account/email", methods=["GET", "POST"])
def address() -> AnyResponse:
    user = here().user
    form = AddressForm(email=queries.waiting_address(user.id) or user.email)
    if not form.is_submitted():
        return _window(form)
    if not form.validate():
        return _window(form, 422)
    try:
        check_current(user, form.current.data)
        return _change(form)
    except SentenceError as error:
        form.fail("current", str(error))
        return _window(form, **status_of(error))


def _change(form: AddressForm) -> AnyResponse:
    user, email = here().user, form.email.data
    if email == user.email:
        addresses.keep(user.id)
        flash(_("Nothing changed."), "success")
    elif not email:
        addresses.remove(user.id)
        flash(_("Your e-mail address is removed. You get no more e-mail from here."), "success")
    elif way_for(Kind.CONFIRM, here().organization.id) is None:
        form.fail("email", _("No e-mail can be sent from here, so no address can be confirmed."))
        return _window(form, 422)
    else:
        addresses.ask_to_confirm(user.id, email)
        flash(_("A link goes to %(email)s. Open it within 24 hours to confirm the address.", email=email), "success")
    return go_to(url_for("user_mail.address"))


@bp.get("/account/email/<address_token>")
def confirmation(address_token: str) -> Response:
    """Show a button: programs that look into mail open every link, so this changes nothing."""
    try:
        link = find_link(Kind.CONFIRM, address_token)
    except LinkEndedError as error:
        refuse("address", error)
    return page("user_mail/confirm.html", link=link, user=queries.user_of(link))


@bp.post("/account/email/<address_token>")
def confirm(address_token: str) -> Response:
    try:
        user = addresses.confirm(address_token)
    except LinkEndedError as error:
        refuse("address", error)
    return page("user_mail/confirmed.html", user=user)


def _window(form: AddressForm, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    user = here().user
    response = respond(
        "user_mail/address.html",
        "user_mail/_address.html",
        status,
        form=form,
        confirmed=user.email,
        waiting=queries.waiting_address(user.id),
        can_send=way_for(Kind.CONFIRM, here().organization.id) is not None,
    )
    response.headers.update(headers or {})
    return response
