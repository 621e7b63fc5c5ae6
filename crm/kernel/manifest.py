"""The manifest of a feature: all that the rest of the house has to know of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import ModuleType
from typing import Any, NamedTuple

import click
from flask import Blueprint, Flask, current_app

from crm.kernel.data import KERNEL, Arrival, Rows
from crm.kernel.exports import Export, Pack
from crm.kernel.reminders import ReminderKind
from crm.kernel.roles import Access, Door, Role

EXTENSION = "features"


@dataclasses.dataclass(frozen=True)
class MenuLink:
    """A menu's link, ordered by `place`.

    `count` is the number beside it, computed for every whole page; `counted` says to screen readers what it counts. The
    titles of pages have it too where it is `in_title`. `trades` are those that see it from the start, all if empty;
    other organizations switch it on in the settings.
    """

    endpoint: str
    label: str
    place: int
    count: Callable[[], int] | None = None
    counted: str = ""
    in_title: bool = False
    trades: Collection[str] = ()

    @property
    def part(self) -> str:
        """The name by which an organization switches the entry on."""
        return self.endpoint.partition(".")[0]


@dataclasses.dataclass(frozen=True)
class SignInLink:
    """A link below the form to sign in, where `is_shown`."""

    endpoint: str
    label: str
    is_shown: Callable[[], bool]


@dataclasses.dataclass(frozen=True)
class PageAction:
    """Something to do from any page, in the palette: a window, or with `is_post` a POST; ordered by `place`."""

    endpoint: str
    label: str
    place: int
    icon: str
    is_post: bool = False


class Hit(NamedTuple):
    """A row that a search found; `details` tell it from others with the same label."""

    label: str
    url: str
    details: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Search:
    """A group of the palette, for who may open `endpoint`: `find(query, most)` returns the best hits."""

    endpoint: str
    label: str
    place: int
    icon: str
    find: Callable[[str, int], Sequence[Hit]]


@dataclasses.dataclass(frozen=True)
class CustomerAction:
    """A link to a window among the actions of a customer's page, ordered by `place`; the first is the main one.

    `argument` is the parameter that takes the customer's id. Those `in_menu` stand in the ⋯ menu, those `of_archived`
    also for archived customers; a `page` is no window. One that `is_post` is a button beside those to reach them.
    """

    endpoint: str
    label: str
    place: int
    icon: str
    argument: str = "customer_id"
    in_menu: bool = False
    of_archived: bool = False
    page: bool = False
    is_post: bool = False


@dataclasses.dataclass(frozen=True)
class LeadAction:
    """A link to a window among the actions of a lead's page, ordered by `place`.

    `argument` is the parameter that takes the lead's id. It is the main one where `is_primary` says so of the lead.
    """

    endpoint: str
    label: str
    place: int
    icon: str
    argument: str = "lead_id"
    is_primary: Callable[[Any], bool] = lambda lead: False


@dataclasses.dataclass(frozen=True)
class Panel:
    """A part of a customer's or lead's page, left out without data.

    `count` returns like "4 invoices with 6 receipts". `head` is a template for the top of the page, with the same data.
    """

    key: str
    label: str
    template: str
    load: Callable[[Any], dict[str, Any]]
    place: int
    count: Callable[[int], str] = lambda customer_id: ""
    head: str = ""


@dataclasses.dataclass(frozen=True)
class CustomerFilter:
    """A filter of the list of customers, by a parameter of its URL.

    called: the word of sentences about it. words: how a value is shown; None for an unknown one, which matches nobody.
    condition: of customers, from the value and the other parameters by name. of: the filter without which it is none.
    choices: values and words to choose from above the list. is_typed: it is a field to type into there.
    """

    name: str
    label: str
    called: str
    words: Callable[[str], str | None]
    condition: Callable[[str, Mapping[str, str]], Any]
    of: str = ""
    choices: Callable[[], Sequence[tuple[str, str]]] | None = None
    is_typed: bool = False

    @property
    def is_offered(self) -> bool:
        """Whether it stands above the list; others come by links alone."""
        return self.choices is not None or self.is_typed


class OwnPart(NamedTuple):
    """A part of the customer's own card and page, ordered by `place`.

    load: what the template shows of the customer, as `own`; None leaves the part out. on_card: the card has it, too.
    """

    template: str
    load: Callable[[Any], dict[str, Any] | None]
    place: int
    on_card: bool = True


class Payable(NamedTuple):
    """What invoices may be for: bookings.

    labels: by id, how those among the ids are called that the user sees. of_customer: the same for those that a
    customer may pay for now. balance: what is still to be paid, an integer of the currency.
    """

    labels: Callable[[Sequence[int]], Mapping[int, str]]
    of_customer: Callable[[int], Mapping[int, str]]
    balance: Callable[[int], int]


class VoidOffer(NamedTuple):
    """What may be taken back with an invoice that is voided, if whoever voids it ticks it.

    name: of the field whose values are ids. template: shows what `load` returned for an invoice, on the page that asks;
    nothing hides it. take: does it, within the transaction, before the invoice's points are taken back.
    """

    name: str
    template: str
    load: Callable[[Any], Any]
    take: Callable[[Any, Sequence[str]], None]


class Halt(NamedTuple):
    """Why a message waits, in English as rows keep it; one that is `for_good` is canceled."""

    reason: str
    for_good: bool = False


class Notice(NamedTuple):
    template: str
    load: Callable[[Any], Any]


class Job(NamedTuple):
    """A worker's periodic call of a path like "crm.series.jobs:make_due", repeated at once if it returned True."""

    seconds: float
    path: str
    threads: int = 1


Counted = Callable[[int, str], str]
"""Say a number of rows in the reader's language ("3 notes"), from the number and how it is written."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Feature:
    """What a feature gives to the rest.

    roles: who may call each endpoint; a name without a dot belongs to the first of the `blueprints`.
    api: resources of the JSON API. lead_fields: by name, a function from ids of leads to values of a field of theirs.
    navigation, menu, settings: links in the header, in the user's menu, and between the pages of the settings.
    sign_in_links: links below the form to sign in.
    pages: links that stand in no menu, for the palette. actions, searches: what it offers to do, and to find.
    keys: letters that open an endpoint after g.
    panels, notices, customer_actions: parts of the customer's page. lead_panels, lead_actions: of a lead's page.
    payable: what the invoices of customers may be for. void_offers: what may be taken back with one that is voided.
    own_parts: parts of the customer's own card and page.
    fact_rows: templates of rows among the facts of a customer's page.
    customer_loads: options by which that page loads the customer, so that facts ask nothing more.
    customer_has: by a name, the condition of customers who have any of it: that page asks no more of the others.
    lead_events: by table, a function from a lead's id to a select of ids: rows whose events stand on its timeline.
    activity: by action, how the timeline tells an event: a text, or a function of the event.
    reminders: kinds of rows of the list of reminders.
    exports: rows that go out as a file. packs: ZIPs about one thing, from a page of the feature.
    jobs: periodic work of the worker.
    customer_facts: from customers of a page, values by id and name that the API and pages show beside their own.
    customer_filters: what their list is narrowed by, beside its own filters.
    customer_rows: tables that a merge moves to the survivor, with how a number of rows is said.
    message_halts: from ids of messages that advertise, by id, why some are not to go out now.
    listeners: modules that connect to signals.
    kept: for how long rows of a table are kept.
    data: by table, what its columns hold, for backups and erasures (`kernel/data.py`); every table is in one.
    restored: called within a restored organization before anybody sees it, the lowest floor first: computes what no
    backup has, plans work, and returns sentences about what the backup had wrong.
    demo: fills a demo shop, by its short name and the ids of its customers.
    """

    name: str
    blueprints: Sequence[Blueprint] = ()
    api: Sequence[Any] = ()
    commands: Sequence[click.Command] = ()
    roles: Mapping[str, Access] = dataclasses.field(default_factory=dict)
    navigation: Sequence[MenuLink] = ()
    menu: Sequence[MenuLink] = ()
    settings: Sequence[MenuLink] = ()
    sign_in_links: Sequence[SignInLink] = ()
    pages: Sequence[MenuLink] = ()
    actions: Sequence[PageAction] = ()
    searches: Sequence[Search] = ()
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)
    panels: Sequence[Panel] = ()
    lead_panels: Sequence[Panel] = ()
    lead_actions: Sequence[LeadAction] = ()
    lead_events: Mapping[str, Callable[[int], Any]] = dataclasses.field(default_factory=dict)
    lead_fields: Mapping[str, Callable[[Sequence[int]], Mapping[int, Any]]] = dataclasses.field(default_factory=dict)
    notices: Sequence[Notice] = ()
    customer_actions: Sequence[CustomerAction] = ()
    own_parts: Sequence[OwnPart] = ()
    fact_rows: Sequence[str] = ()
    customer_loads: Sequence[Any] = ()
    customer_has: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    payable: Payable | None = None
    void_offers: Sequence[VoidOffer] = ()
    activity: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    reminders: Sequence[ReminderKind] = ()
    exports: Sequence[Export] = ()
    packs: Sequence[Pack] = ()
    jobs: Sequence[Job] = ()
    customer_facts: Callable[[Sequence[Any]], Mapping[int, Mapping[str, Any]]] | None = None
    customer_filters: Sequence[CustomerFilter] = ()
    customer_rows: Mapping[str, Counted] = dataclasses.field(default_factory=dict)
    message_halts: Callable[[Sequence[int]], Mapping[int, Halt]] | None = None
    listeners: Sequence[ModuleType] = ()
    kept: Mapping[Any, dt.timedelta] = dataclasses.field(default_factory=dict)
    data: Mapping[str, Rows] = dataclasses.field(default_factory=dict)
    restored: Callable[[Arrival], Iterable[str]] | None = None
    demo: Callable[[str, Sequence[int]], None] | None = None

    def access(self) -> Iterator[tuple[str, Access]]:
        for name, access in self.roles.items():
            yield (name if "." in name else f"{self.blueprints[0].name}.{name}"), access


class Catalog:
    """What all features give, gathered."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        self.access: dict[str, Access] = _merged(({"static": Door.PUBLIC}, *(dict(each.access()) for each in features)))
        self.activity: dict[str, Any] = _merged(feature.activity for feature in features)
        self.customer_rows: dict[str, Counted] = _merged(feature.customer_rows for feature in features)
        self.kept: dict[Any, dt.timedelta] = _merged(feature.kept for feature in features)
        self.data: dict[str, Rows] = _merged((KERNEL, *(feature.data for feature in features)))
        self.lead_events: dict[str, Any] = _merged(feature.lead_events for feature in features)
        self.lead_fields: dict[str, Any] = _merged(feature.lead_fields for feature in features)
        self.customer_facts = [feature.customer_facts for feature in features if feature.customer_facts]
        self.customer_filters = {each.name: each for feature in features for each in feature.customer_filters}
        self.message_halts = [feature.message_halts for feature in features if feature.message_halts]
        self.restored = [feature.restored for feature in features if feature.restored]
        self.navigation = self._placed("navigation")
        self.menu = self._placed("menu")
        self.settings = self._placed("settings")
        self.sign_in_links: list[SignInLink] = [link for feature in features for link in feature.sign_in_links]
        self.pages = self._placed("pages")
        self.actions = self._placed("actions")
        self.searches = self._placed("searches")
        self.keys: dict[str, str] = _merged(feature.keys for feature in features)
        self.panels = self._placed("panels")
        self.lead_panels = self._placed("lead_panels")
        self.customer_actions = self._placed("customer_actions")
        self.lead_actions = self._placed("lead_actions")
        self.own_parts: list[OwnPart] = self._placed("own_parts")
        self.fact_rows = [template for feature in features for template in feature.fact_rows]
        self.customer_loads = [option for feature in features for option in feature.customer_loads]
        self.customer_has: dict[str, Any] = _merged(feature.customer_has for feature in features)
        self.notices: list[Notice] = [notice for feature in features for notice in feature.notices]
        self.payable = next((feature.payable for feature in features if feature.payable), None)
        self.void_offers: list[VoidOffer] = [offer for feature in features for offer in feature.void_offers]
        self.jobs: list[Job] = [job for feature in features for job in feature.jobs]
        self.api = self._placed("api")
        self.reminders: list[ReminderKind] = self._placed("reminders")
        self.exports: list[Export] = self._placed("exports")
        self.packs = {pack.what: pack for feature in features for pack in feature.packs}

    @cached_property
    def roles(self) -> dict[str, Role]:
        return {name: access for name, access in self.access.items() if isinstance(access, Role)}

    def behind(self, *doors: Door) -> frozenset[str]:
        return frozenset(name for name, access in self.access.items() if access in doors)

    def _placed(self, part: str) -> list[Any]:
        found = [item for feature in self.features for item in getattr(feature, part)]
        return sorted(found, key=lambda item: item.place)


def init_app(app: Flask, features: Sequence[Feature]) -> None:
    catalog = app.extensions[EXTENSION] = Catalog(features)
    for feature in features:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
        for command in feature.commands:
            app.cli.add_command(command)
    for resource in catalog.api:
        app.register_blueprint(resource)


def catalog() -> Catalog:
    found: Catalog = current_app.extensions[EXTENSION]
    return found


def _merged(parts: Iterable[Mapping[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for part in parts:
        if twice := found.keys() & part.keys():
            raise ValueError(f"two features declare {', '.join(map(str, twice))}")
        found |= part
    return found
