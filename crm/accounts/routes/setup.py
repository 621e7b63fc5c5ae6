"""The set-up wizard for the first organization and its owner; the server's log shows its code."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response, current_app, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import services, sign_ins, throttle
from crm.accounts.organization_forms import SetupForm
from crm.accounts.routes.blueprint import bp
from crm.accounts.routes.sign_in import welcome
from crm.accounts.rules import Trade, is_setup_code
from crm.values import countries, language
from crm.values.language import gettext as _

ANYWHERE = "US"
SETTINGS = ("name", "phone_region", "time_zone", "currency", "locale", "language", "trade")


class CodeProblem(NamedTuple):
    status: int
    sentence: str


@bp.get("/setup")
def setup() -> AnyResponse:
    if not services.installation_is_empty():
        return _closed()
    return _open(request.args)


@bp.post("/setup/code")
def open_setup() -> AnyResponse:
    if not services.installation_is_empty():
        return _closed()
    if not request.form.get("code"):
        return _code_page("", CodeProblem(422, _("Enter the set-up code.")))
    return _open(request.form)


@bp.post("/setup")
def set_up() -> AnyResponse:
    if not services.installation_is_empty():
        return _closed()
    form = SetupForm()
    code = form.code.data or "-"
    problem = _problem(code)
    if problem:
        return _code_page(code, problem)
    if not form.validate():
        return _page(form, 422)
    settings = {key: form[key].data or "" for key in SETTINGS}
    owner_id = services.set_up(settings, services.NewOwner(form.username.data, form.password.data))
    if owner_id is None:
        return _closed()
    return welcome(form.username.data, sign_ins.sign_in(owner_id), "/")


def _open(given: MultiDict[str, str]) -> Response:
    code, region = given.get("code", ""), given.get("country", "")
    problem = _problem(code) if code else None
    if problem or not code or region not in dict(countries.regions()):
        return _code_page(code, problem)
    given_language = language.of_browser(request.headers.get("Accept-Language", "")) or countries.language_of(region)
    guess = countries.guess(region)._asdict() | {"language": given_language, "trade": Trade.SHOP.value}
    form = SetupForm(formdata=None, code=code, phone_region=region, **guess)
    return _page(form)


def _problem(code: str) -> CodeProblem | None:
    address = request.remote_addr or ""
    try:
        throttle.count_wrong_link("setup", address)
    except throttle.ThrottledError as error:
        return CodeProblem(429, str(error))
    if not is_setup_code(code, current_app.config["SECRET_KEY"]):
        return CodeProblem(422, _("This is not the set-up code. Copy it from the server's log."))
    throttle.forgive_links("setup", address)
    return None


def _closed() -> AnyResponse:
    return redirect(url_for("accounts.login"), 303)


def _code_page(code: str, problem: CodeProblem | None) -> Response:
    guessed = countries.region_of_browser(request.headers.get("Accept-Language", ""))
    page = render_template(
        "accounts/setup_door.html", code=code, problem=problem, regions=countries.regions(), region=guessed or ANYWHERE
    )
    return Response(page, problem.status if problem else 200, mimetype="text/html")


def _page(form: SetupForm, status: int = 200) -> Response:
    return Response(render_template("accounts/setup.html", form=form), status, mimetype="text/html")
