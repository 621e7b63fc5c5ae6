"""Links of a customer: made, sent and revoked by staff; and what a card's QR code shows."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find, recognize
from crm.customer_page import cards, links, queries
from crm.customer_page.forms import LinkForm, SendLinkForm
from crm.customer_page.models import CustomerLink
from crm.customer_page.rules import Scope
from crm.customers.models import Customer
from crm.kernel.errors import ConflictError, SentenceError
from crm.messages.channels.registry import all_channels, channel_named, consent_problem
from crm.messages.checks import RefusedError
from crm.values.language import gettext as _
from crm.web.htmx import done, respond
from crm.web.qr import qr_code

bp = Blueprint("customer_page", __name__)


@bp.route("/customers/<id:customer_id>/links", methods=["GET", "POST"])
def index(customer_id: int) -> Response:
    """Show the links and make one, which is shown only in this answer."""
    customer, form = find(Customer, customer_id), LinkForm()
    if form.validate_on_submit():
        try:
            made = links.make_link(customer_id, Scope(form.scope.data), form.request_key())
        except SentenceError as error:
            form.refuse("scope", error)
        else:
            return _made(made.link, made.token, SendLinkForm(formdata=None))
    status = 422 if form.is_submitted() else 200
    found = queries.open_links(customer_id)
    page, fragment = "customer_page/index.html", "customer_page/_links.html"
    return respond(page, fragment, status, customer=customer, form=form, links=found)


@bp.post("/links/<id:link_id>/send")
def send(link_id: int) -> AnyResponse:
    link, form = find(CustomerLink, link_id), SendLinkForm()
    if not form.validate():
        return _made(link, form.token.data or "", form, 422)
    channel = channel_named(form.channel.data)
    try:
        links.send_link(link_id, form.token.data or "", channel, form.request_key())
    except (RefusedError, ConflictError) as error:
        form.form_errors.append(str(error))
        return _made(link, form.token.data or "", form, 422)
    name = link.customer.name
    return _changed(_("The link goes to %(name)s by %(channel)s.", name=name, channel=channel.label), link.customer_id)


@bp.post("/links/<id:link_id>/revoke")
def revoke(link_id: int) -> AnyResponse:
    link = links.revoke_link(find(CustomerLink, link_id).id)
    return _changed(_("Link revoked. It opens nothing any more."), link.customer_id)


@bp.post("/customers/<id:customer_id>/card/renew")
def renew(customer_id: int) -> AnyResponse:
    links.renew_card(find(Customer, customer_id).id)
    return _changed(_("The card has a new code. The one before tells nobody anything."), customer_id)


@bp.get("/v/<string(length=16):card_code>")
def scanned(card_code: str) -> AnyResponse:
    """Show the customer to staff who scanned their card; one page, whatever the code is, to anybody else."""
    if "sign-in" in request.args:
        return redirect(url_for("accounts.login", next=request.path), 303)
    customer = queries.customer_of_card(card_code) if recognize() else None
    if customer is None:
        page = respond("customer_page/code.html", "customer_page/code.html")
        page.headers["Referrer-Policy"] = "no-referrer"
    else:
        context = {"customer": customer, "code": card_code, **cards.scanned(customer)}
        page = respond("customer_page/scanned.html", "customer_page/_scanned.html", **context)
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    return page


def _made(link: CustomerLink, token: str, form: SendLinkForm, status: int = 200) -> Response:
    customer = link.customer
    address = links.address_of(token)
    channels = [
        channel
        for channel in all_channels()
        if consent_problem(customer, channel) is None and channel.addresses.of(customer)
    ]
    return respond(
        "customer_page/made.html",
        "customer_page/_made.html",
        status,
        link=link,
        customer=customer,
        token=token,
        form=form,
        address=address,
        qr=qr_code(address, _("QR code of the link")),
        channels=channels,
    )


def _changed(text: str, customer_id: int) -> AnyResponse:
    page = url_for("customers.show", customer_id=customer_id)
    return done(text, page, "customer_page/changed.htmx.html", show=page)
