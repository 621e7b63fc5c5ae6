"""Rendered pieces of pages, remembered by what they show: most pages say again what the last one said."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any

from cachetools import LRUCache
from flask import Flask, current_app, render_template
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from crm.web.filters import today
from crm.web.reader import reader

CHARACTERS = 6_000_000
"""So much each process remembers, the latest asked for."""


def init_app(app: Flask) -> None:
    """Let templates say `remembered("customers/_rows.html", key, …)`."""
    app.add_template_global(remembered)


def remembered(template: str, key: Hashable, /, **context: Any) -> Markup:
    """Return `template` rendered with `context`, from memory where the same `key` was rendered before.

    `key` holds every value that the piece shows. Who reads it and where is part of it without being said: the
    organization with its ways of writing, the role, and the day, which decides how near dates are written.
    """
    if current_app.debug:
        return Markup(render_template(template, **context))  # noqa: S704 -- a template escapes what it shows
    organization, token = reader().organization, generate_csrf()
    written = (organization.time_zone, organization.locale, organization.currency, organization.phone_region)
    place = (template, organization.id, written, reader().role, today(), key)
    piece = _recall(place)
    if piece is None:
        # Each page has a token of its own.
        piece = tuple(render_template(template, **context).split(token))
        with _lock:
            _memory[place] = piece
    return Markup(token.join(piece))  # noqa: S704 -- as above


def _recall(place: Hashable) -> tuple[str, ...] | None:
    # The key is long, so it is looked up once.
    with _lock:
        try:
            return _memory[place]
        except KeyError:
            return None


def _size(piece: tuple[str, ...]) -> int:
    return sum(map(len, piece)) + 1_000


_memory: LRUCache[Hashable, tuple[str, ...]] = LRUCache(CHARACTERS, _size)
_lock = threading.Lock()
