"""QR codes (ISO/IEC 18004) as drawings within a page."""

from __future__ import annotations

import segno
from markupsafe import Markup, escape


def qr_code(text: str, label: str) -> Markup:
    """Draw a QR code, black on white by night, too: not every scanner reads another."""
    code = segno.make(text, error="m", micro=False)
    drawing = code.svg_inline(
        scale=1, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(drawing.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))  # noqa: S704 -- drawn here
