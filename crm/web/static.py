"""Versioned URLs of static files, so that browsers may cache them for a year; and the icons."""

from __future__ import annotations

import functools
import hashlib
import io
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_file, url_for
from markupsafe import Markup, escape

from crm.web import scripts

SCRIPT, STYLES = "app.js", "app.css"


def init_app(app: Flask) -> None:
    made, versions = _read(Path(app.static_folder or ""))

    def serve(filename: str) -> Response:
        if filename not in made:
            return app.send_static_file(filename)
        mimetype = "text/javascript" if filename == SCRIPT else "text/css"
        return send_file(io.BytesIO(made[filename]), mimetype=mimetype, etag=versions[filename])

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values["filename"] in versions:
            values["v"] = versions[values["filename"]]

    app.view_functions["static"] = serve
    app.url_default_functions.setdefault(None, []).append(add_version)
    app.add_template_global(icon, "icon_of")
    app.add_template_global(static_url)


def static_url(filename: str) -> str:
    return _static_url(request.script_root, filename)


def icon(name: str, label: str | None = None, **attributes: str) -> Markup:
    """Return an icon of icons.svg; without a label it is hidden from screen readers."""
    return _icon(static_url("icons.svg"), name, label, attributes.get("class", ""))


@functools.lru_cache(maxsize=1)
def _read(folder: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    # The files do not change while the process runs.
    made = {
        SCRIPT: scripts.joined(folder / "js", "main.js").encode(),
        STYLES: scripts.plain_styles(folder / STYLES).encode(),
    }
    paths = [path for path in folder.rglob("*") if path.is_file()]
    versions = {path.relative_to(folder).as_posix(): _version(path.read_bytes()) for path in paths}
    return made, versions | {name: _version(content) for name, content in made.items()}


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]


@functools.lru_cache(maxsize=256)
def _static_url(root: str, filename: str) -> str:
    # The files don't change while the process runs.
    return url_for("static", filename=filename)


@functools.lru_cache(maxsize=1024)
def _icon(icons: str, name: str, label: str | None, extra: str) -> Markup:
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    drawing = f'<use href="{escape(icons)}#{escape(name)}"/>'
    return Markup(f'<svg class="{escape(f"icon {extra}".strip())}" {spoken}>{drawing}</svg>')  # noqa: S704 -- escaped
