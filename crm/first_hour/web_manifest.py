"""The web application manifest: how the product looks on a phone's home screen."""

from __future__ import annotations

from typing import Any

from crm.values import language
from crm.web.static import static_url

PRODUCT = "CRM"
SURFACE = "#ffffff"
CANVAS = "#f6f5f2"
"""As in app.css, by day; pages name their own colour for the night."""


def web_manifest(organization: str) -> dict[str, Any]:
    spoken = language.current()
    return {
        "id": "/",
        "name": organization or PRODUCT,
        "short_name": organization or PRODUCT,
        "lang": spoken.code,
        "dir": "rtl" if spoken.is_rtl else "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": SURFACE,
        "background_color": CANVAS,
        "icons": [
            _icon("icon-192.png", "192x192", "any"),
            _icon("icon-512.png", "512x512", "any"),
            _icon("maskable-512.png", "512x512", "maskable"),
        ],
    }


def _icon(name: str, sizes: str, purpose: str) -> dict[str, str]:
    return {"src": static_url(f"icons/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
