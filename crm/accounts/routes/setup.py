"""The set-up wizard: the first organization and its owner, opened with a code that only the server's log shows."""

from __future__ import annotations

from flask import Response, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import places, services, sign_ins
from crm.accounts.forms import SetupForm
from crm.accounts.routes.blueprint import bp
from crm.accounts.routes.sign_in import welcome
from crm.accounts.rules import is_setup_code

ANYWHERE = "US"
SETTINGS = ("name", "phone_region", "time_zone", "currency", "locale")


@bp.get("/setup")
def setup() -> AnyResponse:
    """Ask for the code and the country, then for the rest; closed for ever once somebody can sign in."""
    if not services.installation_is_empty():
        return _closed()
    code = request.args.get("code", "")
    region = request.args.get("country", "")
    if not _is_right(code) or region not in dict(places.regions()):
        return _door(code)
    return _page(SetupForm(code=code, phone_region=region, **places.guess(region)._asdict()))


@bp.post("/setup")
def set_up() -> AnyResponse:
    """Make the organization and its owner, and sign them in."""
    if not services.installation_is_empty():
        return _closed()
    form = SetupForm()
    if not _is_right(form.code.data or ""):
        return _door(form.code.data or "-")
    if not form.validate():
        return _page(form, 422)
    settings = {key: form[key].data or "" for key in SETTINGS}
    owner_id = services.set_up(settings, services.NewOwner(form.username.data, form.password.data))
    if owner_id is None:
        return _closed()
    return welcome(form.username.data, sign_ins.sign_in(owner_id), "/")


def _is_right(code: str) -> bool:
    return is_setup_code(code, current_app.config["SECRET_KEY"])


def _closed() -> AnyResponse:
    return redirect(url_for("accounts.login"), 303)


def _door(code: str) -> Response:
    wrong = bool(code) and not _is_right(code)
    guessed = places.region_of_browser(request.headers.get("Accept-Language", ""))
    page = render_template(
        "accounts/setup_door.html", code=code, wrong=wrong, regions=places.regions(), region=guessed or ANYWHERE
    )
    return Response(page, 422 if wrong else 200, mimetype="text/html")


def _page(form: SetupForm, status: int = 200) -> Response:
    return Response(render_template("accounts/setup.html", form=form), status, mimetype="text/html")
