"""The environment of the templates."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment


class OneForAll(Environment):
    """Gives every template the same globals, as they are.

    Jinja lays a map of its own over them for each template, and compares all keys of both where one template imports
    macros from another: a page does so twenty times, and a chain of maps is slow at it.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of a template; `d` are some of its own."""
        return super().make_globals(d) if d else self.globals


def init_app(app: Flask) -> None:
    """Render by it; called before anything is added to the templates."""
    app.jinja_environment = OneForAll
