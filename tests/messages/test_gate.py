"""One gate before every send: every path to a gateway is found in the source, and leads through it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest
from flask import Flask

from crm.delivery import batch as batches
from crm.delivery import jobs
from crm.delivery.send_policy import Stop
from crm.messages import services
from crm.messages.rules import Status
from crm.providers.base import Call, Outcome
from crm.providers.console.gateway import Console
from crm.senders import services as senders
from tests.messages.shop import Shop
from tests.test_architecture import modules

CALLERS = {"crm.delivery.calls._call": "makes the calls that Calls.begin is given"}
BEGINNERS = {
    "crm.delivery.deliver._send": "begins what _submit returns",
    "crm.user_mail.sending._claim": "begins a letter to a user, and calls nobody",
    "crm.backups.ids._reserve": "begins to lock a sequence, and calls nobody",
    "crm.backups.snapshot.open_snapshot": "begins to read the database, and calls nobody",
}
"""Who reaches a gateway, and how."""

UNGATED = {
    "crm.providers.smtp.connections._write": "writes to the socket of a dialogue, within a call",
    "crm.providers.smtp.connections._finish": "writes the last dot of a dialogue, within a call",
    "crm.senders.services._test_call": "an owner's test is of no customer; it asks the list of opt-outs",
    "crm.senders.services._send": "makes the call of an owner's test",
    "crm.returns.trial._call": "a letter to the mailbox for returned mail, which is of no customer",
    "crm.returns.trial.problem": "sends that letter",
    "crm.user_mail.sending._call_of": "a letter of ours to a user, who is no customer",
    "crm.user_mail.sending._send": "sends that letter",
    "crm.delivery.lookups._questions": "asks what became of a call that was made, and sends nothing",
}
"""Who makes a call and needs no gate, and why."""


class Function(NamedTuple):
    """A function of the product: its full name, and what its body calls, by name."""

    name: str
    node: ast.AST

    @property
    def module(self) -> str:
        return self.name.rpartition(".")[0]

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.node) if isinstance(node, ast.Call))

    def called(self) -> set[str]:
        """Return the last names of what it calls: `judge` of `batch.judge(message)`."""
        return {_last_name(call.func) for call in self.calls()}


@cache
def functions() -> list[Function]:
    return [
        Function(f"{module}.{node.name}", node)
        for module, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]


def _last_name(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def signals() -> set[str]:
    """Return the names of the product's signals, which have a `send` too."""
    return {
        target.id
        for path in modules().values()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if _last_name(node.value.func).lower() == "signal"
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def callers_of(name: str) -> set[str]:
    return {function.name for function in functions() if name in function.called()}


def test_a_gateway_is_called_at_one_place() -> None:
    of_signals = signals()
    found = {
        function.name
        for function in functions()
        for call in function.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr == "send"
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id in of_signals)
        if not function.name.startswith("crm.programs.serving.")  # answers to browsers
    }
    assert found - set(UNGATED) == set(CALLERS)


def test_no_gateways_send_is_passed_on_to_be_called_elsewhere() -> None:
    passed = [
        f"{module}:{node.lineno}"
        for module, path in modules().items()
        for parent in ast.walk(ast.parse(path.read_text()))
        for field, node in _children(parent)
        if isinstance(node, ast.Attribute) and node.attr == "send"
        if not (isinstance(parent, ast.Call) and field == "func")
    ]
    assert not passed


def _children(parent: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for field, value in ast.iter_fields(parent):
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                yield field, node


def test_calls_begin_at_one_place_with_what_was_submitted() -> None:
    assert callers_of("begin") - callers_of("begin_nested") == set(BEGINNERS)
    (send,) = (function for function in functions() if function.name == "crm.delivery.deliver._send")
    (begin,) = (call for call in send.calls() if _last_name(call.func) == "begin")
    given, _until = begin.args
    assert isinstance(given, ast.Call)
    assert _last_name(given.func) == "_submit"


def test_who_makes_a_call_has_asked_the_gate() -> None:
    """A function that makes a `Call` asks the gate, or is only called by one of its module that does."""
    makers = {function for function in functions() if "Call" in function.called()}
    assert makers
    for maker in makers:
        if maker.name not in UNGATED:
            assert maker.name in gated(maker.module), f"{maker.name} makes a call without the gate"


def gated(module: str) -> set[str]:
    own = [function for function in functions() if function.module == module]
    found = {function.name for function in own if "judge" in function.called()}
    while True:
        more = set()
        for function in own:
            short = function.name.rpartition(".")[2]
            callers = callers_of(short)
            if function.name not in found and short.startswith("_") and callers and callers <= found:
                more.add(function.name)
        if not more:
            return found
        found |= more


def test_what_passes_is_asked_for_by_a_person_alone() -> None:
    """The callers of the exceptions end at a page."""
    assert callers_of("_test_call") | callers_of("send_test") == {
        "crm.senders.services.send_test",
        "crm.senders.routes.test",
    }


def test_the_decision_of_a_batch_is_the_send_policys() -> None:
    assert callers_of("check_policy") == {"crm.delivery.batch.judge"}
    assert callers_of("judge") == {"crm.delivery.deliver._may_go", "crm.delivery.deliver._submit"}


# And when it runs.


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the console gateway is given."""
    made: list[Call] = []
    send = Console.send

    def noted(gateway: Console, call: Call) -> Outcome:
        made.append(call)
        return send(gateway, call)

    monkeypatch.setattr(Console, "send", noted)
    return made


@pytest.mark.parametrize("way", ["ticker", "job", "undone", "let go"])
def test_nothing_passes_a_closed_gate_whichever_way_it_comes(
    app: Flask, shop: Shop, calls: list[Call], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    id_ = shop.schedule(shop.customer(), late=1)
    monkeypatch.setattr(batches, "check_policy", lambda *args: Stop(Status.SUPPRESSED, "The gate is closed."))
    with shop.inside():
        if way == "undone":
            services.mark_done(id_)
            services.undo_done(id_)
        elif way == "let go":
            senders.let_go_held()
    if way == "job":
        with app.app_context():
            jobs.deliver_organization(shop.id)
    shop.work()
    assert calls == []
    assert shop.status(id_) is Status.SUPPRESSED


def test_a_gate_that_closes_after_the_claim_still_stops_it(
    shop: Shop, calls: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once more when the message is about to go."""
    id_ = shop.schedule(shop.customer())
    gate, asked = batches.check_policy, []

    def closing(*args: object) -> object:
        asked.append(args)
        return gate(*args) if len(asked) == 1 else Stop(Status.SUPPRESSED, "The gate is closed.")  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "check_policy", closing)
    shop.work()
    assert (len(asked), calls, shop.status(id_)) == (2, [], Status.SUPPRESSED)
