"""The templates' environment, and the texts in it."""

from __future__ import annotations

import functools
from collections.abc import MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment
from markupsafe import Markup

from crm.values import language


class SharedGlobals(Environment):
    """Share one map of globals: Jinja makes one for each template and compares them, slow at twenty imports a page."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def init_app(app: Flask) -> None:
    """Call before anything is added to the templates."""
    app.jinja_environment = SharedGlobals
    app.jinja_env.add_extension("jinja2.ext.i18n")
    # Jinja's own functions of this kind format each text, which takes three times as long.
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals.update(_=gettext, gettext=gettext, ngettext=ngettext, pgettext=pgettext)
    app.add_template_global(language.current, "language")


def gettext(message: str, /, **values: object) -> Markup:
    """Return a text of our own in the reader's language, with `values` escaped."""
    if values:
        return _patterns(language.code())[message] % values
    return _plain(language.code())[message]


def ngettext(one: str, many: str, number: int, /, **values: object) -> Markup:
    return _trusted(language.catalog().ngettext(one, many, number)) % {"num": number, **values}


def pgettext(context: str, message: str, /, **values: object) -> Markup:
    return _trusted(language.catalog().pgettext(context, message)) % values


def _trusted(text: str) -> Markup:
    return Markup(text)  # noqa: S704 -- from the templates and the catalogs


class _Texts(dict[str, Markup]):
    """Texts of the current language, ready to be shown: every row of a page looks several up."""

    MOST = 20_000

    def __init__(self, is_plain: bool) -> None:
        self.is_plain = is_plain

    def __missing__(self, message: str) -> Markup:
        found = _trusted(language.catalog().gettext(str.__str__(message)))
        found = found % {} if self.is_plain else found
        if len(self) < self.MOST:  # what providers wrote is looked up, too
            self[message] = found
        return found


@functools.cache
def _plain(code: str) -> _Texts:
    return _Texts(is_plain=True)


@functools.cache
def _patterns(code: str) -> _Texts:
    return _Texts(is_plain=False)
