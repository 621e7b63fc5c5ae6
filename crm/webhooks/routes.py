"""What providers call, each at the paths that it declares; a signature is checked before anything else."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, abort
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from crm.kernel.roles import PUBLIC, Access
from crm.providers.base import Route
from crm.providers.registry import all_providers
from crm.providers.webhook import ForgedError, UnknownError
from crm.values import language
from crm.web.signed import by_signature, refuse_flood, refuse_forged
from crm.webhooks import desk

bp = Blueprint("webhooks", __name__)


class Doors(Mapping[str, Access]):
    """Who may call each path of the providers that are registered by now: everybody."""

    def __getitem__(self, name: str) -> Access:
        return {route.name: PUBLIC for route in _routes()}[name]

    def __iter__(self) -> Iterator[str]:
        return iter([route.name for route in _routes()])

    def __len__(self) -> int:
        return len(_routes())


@bp.record
def add_routes(state: BlueprintSetupState) -> None:
    for route in _routes():
        endpoint = f"{bp.name}.{route.name}"
        state.app.add_url_rule(f"/webhooks/{route.path}", endpoint, _view(route), methods=[route.method])


def _routes() -> list[Route]:
    return [route for provider in all_providers() for route in provider.routes]


def _view(route: Route) -> Any:
    @functools.wraps(route.view)
    def view(**values: Any) -> Response:
        language.use(language.ENGLISH)  # what is stored is English
        if route.method == "GET":
            return route.view(desk, **values)
        with _refusals(route.unknown):
            return route.view(desk, **values)

    return by_signature(view)


@contextlib.contextmanager
def _refusals(unknown: str) -> Iterator[None]:
    """Answer with the status of what is wrong with a provider's request; `unknown` says what is not there."""
    refuse_flood()
    try:
        yield
    except UnknownError:
        abort(404, unknown)
    except ForgedError:
        refuse_forged()
    except ValueError as error:
        abort(400, str(error))
