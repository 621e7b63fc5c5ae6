"""Cache rendered pieces of pages by what they show."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any

from cachetools import LRUCache
from flask import Flask, current_app, render_template
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from crm.values import language
from crm.web.filters import today
from crm.web.reader import reader

MAX_CHARACTERS = 6_000_000
"""Characters cached in each process, the most recently used."""


def init_app(app: Flask) -> None:
    app.add_template_global(remembered)


def remembered(template: str, key: Hashable, /, **context: Any) -> Markup:
    """Render `template`, or return it from the cache for the same `key`.

    `key` holds every value shown. The organization, its notation and what it uses, the language, the role and the
    date are added.
    """
    if current_app.debug:
        return Markup(render_template(template, **context))  # noqa: S704 -- a template escapes what it shows
    organization, token = reader().organization, generate_csrf()
    written = (organization.time_zone, organization.locale, organization.currency, organization.phone_region)
    used = (organization.trade, organization.uses)
    place = (template, organization.id, written, used, language.current().code, reader().role, today(), key)
    piece = _recall(place)
    if piece is None:
        # Each page has its own token.
        piece = tuple(render_template(template, **context).split(token))
        with _lock:
            _memory[place] = piece
    return Markup(token.join(piece))  # noqa: S704 -- as above


def _recall(place: Hashable) -> tuple[str, ...] | None:
    # Look up once: hashing the long key is slow.
    with _lock:
        try:
            return _memory[place]
        except KeyError:
            return None


def _size(piece: tuple[str, ...]) -> int:
    return sum(map(len, piece)) + 1_000


_memory: LRUCache[Hashable, tuple[str, ...]] = LRUCache(MAX_CHARACTERS, _size)
_lock = threading.Lock()
