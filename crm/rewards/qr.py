"""The QR code of a voucher: the address that leads staff to it, whatever camera reads it."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import segno
from markupsafe import Markup

from crm.web.security import public_url

QUIET = 4
"""Modules of white around it, as ISO/IEC 18004 asks."""


def address_of(code: str) -> str:
    return public_url(f"/vouchers/find?{urlencode({'code': code})}")


def drawing_of(code: str) -> Markup:
    """Return the QR code as SVG, dark on white in every theme."""
    drawn = io.BytesIO()
    look = {"border": QUIET, "light": "#fff", "svgclass": None, "lineclass": None, "omitsize": True}
    segno.make(address_of(code), error="m", micro=False).save(drawn, "svg", xmldecl=False, svgns=False, **look)
    return Markup(drawn.getvalue().decode())  # noqa: S704 -- drawn here, of an address of our own
