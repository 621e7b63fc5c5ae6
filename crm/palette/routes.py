"""The search over everything, and the sheet of keys."""

from __future__ import annotations

from flask import Blueprint, Response, request

from crm.palette.keys import for_aria, for_script, sheet
from crm.palette.queries import MAX_QUERY, count, groups
from crm.values.text import clean_line
from crm.web.htmx import respond

bp = Blueprint("palette", __name__)
bp.add_app_template_global(for_script, "keys_for_script")
bp.add_app_template_global(for_aria, "keys_for_aria")


@bp.get("/palette")
def index() -> Response:
    q = clean_line(request.args.get("q", "")[:MAX_QUERY])
    found = groups(q)
    return respond("palette/index.html", "palette/index.htmx.html", q=q, groups=found, number=count(found))


@bp.get("/keys")
def keys() -> Response:
    return respond("palette/keys.html", "palette/_keys.html", sheet=sheet())
