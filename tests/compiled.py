"""What is compiled once for all the applications of a run: each test has one of its own, and compiling takes longer.

Werkzeug writes two functions for each rule of an application, and SQLAlchemy the text of each statement of an engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from werkzeug.routing import Rule

_compile_builder = Rule._compile_builder
_builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
_engines: dict[str, sa.Engine] = {}


def share_rules() -> None:
    """Let every rule that was compiled be the same in all applications."""
    Rule._compile_builder = _built  # type: ignore[method-assign]


def share_statements(engine: sa.Engine) -> None:
    """Let an engine have the statements that all others of its dialect have compiled."""
    name = engine.dialect.name
    if name not in _engines:
        engine.connect().close()  # the dialect asks what kind of server it is
        _engines[name] = engine
    engine.dialect, engine._compiled_cache = _engines[name].dialect, _engines[name]._compiled_cache


def _built(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = (*rule._trace, repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]
