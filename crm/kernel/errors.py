"""Error pages and their exceptions; pages show neither a stack trace nor data of the organization."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable

from flask import Flask, Response, current_app, make_response, render_template, request, session
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from crm.kernel import problems
from crm.kernel.csrf import form_is_stale
from crm.kernel.extensions import db
from crm.values.language import N_
from crm.values.language import gettext as _

NO_ROOM = N_("There is no room left to store files. Nothing is saved. Tell your administrator, and try again later.")

RECOGNIZE = "recognize"

log = logging.getLogger(__name__)


class SentenceError(Exception):
    """A refusal with a sentence for people; `status` is the API's."""

    status = 400


class FieldError(SentenceError):
    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ConflictError(SentenceError):
    status = 409


def init_app(app: Flask, recognize: Callable[[], bool]) -> None:
    """`recognize` finds who is signed in, whatever the address, and says whether a page may have their navigation."""
    app.extensions[RECOGNIZE] = recognize
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(ConflictError, _conflict)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    if problems.are_wanted():
        return problems.of(error)
    own = error.description if error.description != type(error).description else None
    response = _page(error.code or 500, own)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _csrf_error(error: CSRFError) -> Response:
    if form_is_stale():
        sentence = _("You signed in again since this page was opened. Reload it, then do it once more.")
    else:
        sentence = _("This page is too old to be sent. Go back, reload it, then send it again.")
    return _page(400, sentence, _("This page is out of date"))


def _conflict(error: ConflictError) -> Response:
    return _page(409, str(error))


def _database_error(error: DBAPIError) -> Response:
    db.session.rollback()
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.error("database: %s", error.orig)
        return _page(ServiceUnavailable.code)
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        log.error("disk: %s", error)
        return _page(ServiceUnavailable.code, NO_ROOM)
    log.error("unexpected error", exc_info=error)
    return _page(InternalServerError.code)


def _page(code: int, sentence: str | None = None, heading: str | None = None) -> Response:
    if problems.are_wanted():
        return problems.answer(code, sentence)
    said = {"code": code, "heading": heading, "message": sentence}
    if code < InternalServerError.code:
        try:
            return make_response(render_template("errors/error.html", **said, is_whole=_is_recognized()), code)
        except SQLAlchemyError:
            db.session.rollback()
            log.exception("an error page goes without its navigation")
    return make_response(render_template("errors/error.html", **said), code)


def _is_recognized() -> bool:
    """Whether the page keeps the navigation: htmx shows its sentence alone, and files have none."""
    is_fragment = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    if is_fragment or request.endpoint == "static" or "_user_id" not in session:
        return False
    found: bool = current_app.extensions[RECOGNIZE]()
    return found
