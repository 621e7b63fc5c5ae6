"""The manifest of a feature: all that the rest of the house has to know of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import ModuleType
from typing import Any, NamedTuple

import click
from flask import Blueprint, Flask, current_app

from crm.kernel.roles import Access, Door, Role

EXTENSION = "features"


@dataclasses.dataclass(frozen=True)
class Entry:
    """A link to a page in a menu; the one with the smallest `place` stands first.

    `count` returns the number beside it, which every whole page asks for.
    """

    endpoint: str
    label: str
    place: int
    count: Callable[[], int] | None = None


@dataclasses.dataclass(frozen=True)
class Panel:
    """A part of the page of one customer or one lead.

    The template gets what `load` returns for the row; where that is empty, the page leaves the panel out. `count` says
    for a customer's id what is there ("4 invoices with 6 receipts"), "" for nothing.
    """

    key: str
    label: str
    template: str
    load: Callable[[Any], dict[str, Any]]
    place: int
    count: Callable[[int], str] = lambda customer_id: ""


class Notice(NamedTuple):
    """A line on top of a customer's page; the template gets what `load` returns for the customer as `notice`."""

    template: str
    load: Callable[[Any], Any]


class Job(NamedTuple):
    """What a worker does every so many seconds: the dotted path of a function ("crm.series.jobs:make_due").

    A function that returns True is called again at once. `threads` run it side by side.
    """

    seconds: float
    path: str
    threads: int = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Feature:
    """What a feature gives to the rest.

    roles: who may call each endpoint; a name without a dot belongs to the first of the `blueprints`.
    api: the resources of the JSON API.
    navigation, menu, settings: links in the header, in the user's menu, and between the pages of the settings.
    panels, notices: parts of the customer's page; `lead_panels` of a lead's page.
    lead_fields: fields of leads in the API, each a function from the ids of leads to its values.
    activity: by action, how the timeline tells an event: a sentence, or a function of the event.
    jobs: what a worker does again and again.
    listeners: modules that connect to signals.
    customer_rows: tables whose rows hang on a customer and go to the survivor of a merge, with the names of one row
        and of many.
    kept: for how long rows of a table are kept.
    demo: fills a demo shop, by its short name and the ids of its customers.
    """

    name: str
    blueprints: Sequence[Blueprint] = ()
    api: Sequence[Any] = ()
    commands: Sequence[click.Command] = ()
    roles: Mapping[str, Access] = dataclasses.field(default_factory=dict)
    navigation: Sequence[Entry] = ()
    menu: Sequence[Entry] = ()
    settings: Sequence[Entry] = ()
    panels: Sequence[Panel] = ()
    lead_panels: Sequence[Panel] = ()
    lead_fields: Mapping[str, Callable[[Sequence[int]], Mapping[int, Any]]] = dataclasses.field(default_factory=dict)
    notices: Sequence[Notice] = ()
    activity: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    jobs: Sequence[Job] = ()
    customer_rows: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    listeners: Sequence[ModuleType] = ()
    kept: Mapping[Any, dt.timedelta] = dataclasses.field(default_factory=dict)
    demo: Callable[[str, Sequence[int]], None] | None = None

    def access(self) -> Iterator[tuple[str, Access]]:
        """Yield each endpoint with who may call it."""
        for name, access in self.roles.items():
            yield (name if "." in name else f"{self.blueprints[0].name}.{name}"), access


class Catalog:
    """What the features of an application give, gathered; the lowest floor first."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        self.access: dict[str, Access] = _merged(({"static": Door.PUBLIC}, *(dict(each.access()) for each in features)))
        self.activity: dict[str, Any] = _merged(feature.activity for feature in features)
        self.customer_rows: dict[str, tuple[str, str]] = _merged(feature.customer_rows for feature in features)
        self.kept: dict[Any, dt.timedelta] = _merged(feature.kept for feature in features)
        self.lead_fields: dict[str, Any] = _merged(feature.lead_fields for feature in features)
        self.navigation = self._placed("navigation")
        self.menu = self._placed("menu")
        self.settings = self._placed("settings")
        self.panels = self._placed("panels")
        self.lead_panels = self._placed("lead_panels")
        self.notices: list[Notice] = [notice for feature in features for notice in feature.notices]
        self.jobs: list[Job] = [job for feature in features for job in feature.jobs]
        self.api = self._placed("api")

    @cached_property
    def roles(self) -> dict[str, Role]:
        """The smallest role for each endpoint that asks for one."""
        return {name: access for name, access in self.access.items() if isinstance(access, Role)}

    def behind(self, *doors: Door) -> frozenset[str]:
        """Return the endpoints behind one of the doors."""
        return frozenset(name for name, access in self.access.items() if access in doors)

    def _placed(self, part: str) -> list[Any]:
        found = [item for feature in self.features for item in getattr(feature, part)]
        return sorted(found, key=lambda item: item.place)


def init_app(app: Flask, features: Sequence[Feature]) -> None:
    """Serve the pages, the API and the commands of features."""
    catalog = app.extensions[EXTENSION] = Catalog(features)
    for feature in features:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
        for command in feature.commands:
            app.cli.add_command(command)
    for resource in catalog.api:
        app.register_blueprint(resource)


def catalog() -> Catalog:
    """Return what the features of the current application give."""
    found: Catalog = current_app.extensions[EXTENSION]
    return found


def _merged(parts: Iterable[Mapping[Any, Any]]) -> dict[Any, Any]:
    """Return all parts as one; raises ValueError for a key that two of them have."""
    found: dict[Any, Any] = {}
    for part in parts:
        if twice := found.keys() & part.keys():
            raise ValueError(f"two features declare {', '.join(map(str, twice))}")
        found |= part
    return found
