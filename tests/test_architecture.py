"""The rules of the house about who may import whom, read from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from crm.features import FEATURES, ROOMS
from crm.kernel.columns import Base
from crm.kernel.data import problems
from crm.kernel.manifest import Catalog
from tests.servers import ROOT

FLOORS = (*ROOMS, "features", "crm")
"""The packages, the lowest floor first; each imports those before it."""

STARTERS = {"crm.programs.first_start"}
"""Modules that start the application."""

OPEN = {"values", "kernel", "people", "web"}
"""Packages that may be used as a whole."""

RANKS = {
    "rules": 0,
    "models": 1,
    "queries": 2,
    "access": 2,
    "services": 3,
    "delivery": 3,
    "forms": 4,
    "jobs": 4,
    "listeners": 4,
    "routes": 5,
    "cli": 5,
}
"""Within a feature, imports go from a higher rank to a lower one; other modules stand between those they link."""

FORBIDDEN: dict[str, set[str]] = {
    "rules": {"flask", "sqlalchemy", "crm.kernel.extensions", "crm.kernel.db", "crm.kernel.queue"},
    "models": {"flask", "crm.kernel.db.transaction", "crm.kernel.db.after_commit", "crm.kernel.queue"},
    "queries": {"flask.request", "flask.session", "flask.g", "crm.kernel.db.transaction", "crm.kernel.queue"},
    "services": {
        *(f"flask.{name}" for name in ("request", "session", "g", "flash", "render_template", "redirect", "abort")),
        "crm.web",
    },
    "forms": {"crm.kernel.db", "crm.kernel.queue"},
    "routes": {"sqlalchemy", "crm.kernel.db", "crm.kernel.extensions", "crm.kernel.queue"},
    "jobs": {"flask.request", "flask.session"},
}
"""What a kind of module never imports."""

LAZY = {"crm.invoices.receipts.convert_process": "a process under a memory limit, which loads what its one file needs"}
"""Modules that may import inside a function, and why."""


class Import(NamedTuple):
    """One name that a module imports."""

    module: str
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


@cache
def modules() -> dict[str, Path]:
    """Return every module of the product by its dotted name."""
    paths = sorted((ROOT / "crm").rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


@cache
def imports() -> list[Import]:
    """Return what every module imports; `from a import b` is a.b."""
    found = []
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            found += [Import(name, target, node.lineno) for target in _targets(node)]  # type: ignore[attr-defined]
    return found


def _targets(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "say the whole name of a module"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def module_of(target: str) -> str | None:
    """Return the module of the product that an imported name is or is in; None for other packages."""
    while target and target not in modules():
        target = target.rpartition(".")[0]
    return target or None


def feature_of(module: str) -> str:
    """Return the package of a module."""
    return module.split(".")[1] if "." in module else module


def floor_of(module: str) -> int:
    """Return the floor a module is on; one that starts the application stands on it."""
    return len(FLOORS) if module in STARTERS else FLOORS.index(feature_of(module))


def kind_of(module: str) -> str:
    """Return what kind of module of its feature it is: `routes` for crm.accounts.routes.setup."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 else ""


@cache
def offered(package: str) -> set[str]:
    """Return the modules that a package offers to others."""
    for node in ast.walk(ast.parse(modules()[f"crm.{package}"].read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def inner() -> Iterator[tuple[Import, str]]:
    """Yield the imports of the product's own modules, with the module."""
    for found in imports():
        target = module_of(found.target)
        if target and target != found.module:
            yield found, target


def test_features_import_downwards_only() -> None:
    wrong = [
        str(found)
        for found, target in inner()
        if feature_of(found.module) != feature_of(target) and floor_of(target) >= floor_of(found.module)
    ]
    assert not wrong


def test_features_show_each_other_little() -> None:
    wrong = [
        str(found)
        for found, target in inner()
        if feature_of(found.module) not in (feature_of(target), "demo", "programs", "features", "crm")
        and feature_of(target) not in OPEN
        and kind_of(target) not in offered(feature_of(target))
    ]
    assert not wrong, "a package offers the modules in its __all__"


@pytest.mark.parametrize("feature", sorted(set(FLOORS) - OPEN - {"demo", "programs", "features", "crm"}))
def test_within_a_feature_imports_go_down(feature: str) -> None:
    links = {
        (kind_of(found.module), kind_of(target))
        for found, target in inner()
        if feature_of(found.module) == feature_of(target) == feature and kind_of(found.module) != kind_of(target)
    }
    wrong = [
        f"{feature}.{upper} reaches {feature}.{lower}"
        for upper in RANKS
        for lower in _reach(upper, links)
        if RANKS[lower] >= RANKS[upper]
    ]
    assert not wrong


def _reach(start: str, links: set[tuple[str, str]]) -> set[str]:
    """Return the ranked kinds that are imported, also by way of modules without a rank."""
    found, waiting = set(), [start]
    while waiting:
        here = waiting.pop()
        for there in {lower for upper, lower in links if upper == here} - found:
            found.add(there)
            if there not in RANKS:
                waiting.append(there)
    return found & set(RANKS)


def test_there_is_no_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in modules()}
    for found, target in inner():
        # A package that gathers its own parts is not a step on the way.
        if not target.startswith(f"{found.module}."):
            graph[found.module].add(target)
    while leaves := {module for module, targets in graph.items() if not targets & graph.keys()}:
        graph = {module: targets - leaves for module, targets in graph.items() if module not in leaves}
    assert not graph, f"these import each other, directly or not: {', '.join(sorted(graph))}"


def test_nothing_is_imported_inside_a_function() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        if name not in LAZY
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not wrong


@cache
def laws_of(module: str) -> frozenset[str]:
    """Return the kinds whose laws hold for a module: that of its name, and what it does says the others."""
    text = modules()[module].read_text()
    found = {kind_of(module)}
    if re.search(r"^    __tablename__ = ", text, re.MULTILINE):
        found.add("models")
    if re.search(r"\btransaction\(\)", text):
        found.add("services")
    return frozenset(found)


@pytest.mark.parametrize("kind", sorted(FORBIDDEN))
def test_each_kind_of_module_keeps_to_its_job(kind: str) -> None:
    wrong = [
        str(found)
        for found in imports()
        if feature_of(found.module) not in {"values", "kernel", "web", "demo", "programs", "features", "crm"}
        and kind in laws_of(found.module)
        for never in FORBIDDEN[kind]
        if found.target == never or found.target.startswith(f"{never}.")
    ]
    assert not wrong


def test_only_the_transaction_commits() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        if name != "crm.kernel.db"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert not wrong


def test_the_factory_only_puts_things_together() -> None:
    assert len(modules()["crm"].read_text().splitlines()) <= 80


def test_every_table_and_column_says_what_it_holds() -> None:
    """Declare new ones in the feature's `data.py` (`crm/kernel/data.py` explains it)."""
    assert not list(problems(Base.metadata.tables, Catalog(FEATURES).data))
