"""Nobody is stored by another door than the creating ones and the upsert."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.test_architecture import modules

DOORS = {
    "crm.customers.services": "create_customer",
    "crm.intake.upsert": None,
    "crm.intake.rows": None,
}
"""The function that writes customers, by module; None for all of a module. Demo data is written in bulk besides."""

WRITERS = {"insert", "insert_many", "new_ids", "bulk_insert_mappings", "bulk_save_objects"}


def test_customers_are_created_nowhere_else() -> None:
    found = {
        (name, function)
        for name, path in modules().items()
        for function in creating(path.read_text())
        if not is_door(name, function)
    }
    assert not found, "let them go through create_customer() or take_in(), or say here why not"


@pytest.mark.parametrize(
    "source",
    [
        "def f(): Customer(name='x')",
        "def f(): models.Customer(name='x')",
        "def f(): sa.insert(Customer)",
        "def f(): insert(models.Customer.__table__)",
        "def f(): insert_many(Customer, rows)",
        "def f(): self._bulk.insert(Customer, 1, {})",
        "def f(): sa.text('INSERT INTO customers (name) VALUES (1)')",
        "async def f(): Customer()",
    ],
)
def test_it_would_be_seen(source: str) -> None:
    assert list(creating(source)) == ["f"]


def is_door(module: str, function: str) -> bool:
    return module.startswith("crm.demo.") or (module in DOORS and DOORS[module] in (None, function))


def creating(source: str) -> Iterator[str]:
    """Yield the functions of a module that write customers, "" for the module itself."""
    tree = ast.parse(source)
    owners = {
        id(node): function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if _makes_one(node) or _inserts(node) or _says_so(node):
            yield owners.get(id(node), "")


def _makes_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "Customer"


def _inserts(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and _name(node.func) in WRITERS
        and any(_name(part) == "Customer" for argument in node.args for part in ast.walk(argument))
    )


def _says_so(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "insert into customers " in node.value.lower().replace("(", " ")
    )


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
