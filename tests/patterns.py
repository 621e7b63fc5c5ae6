"""Run every regular expression of the product on long hostile texts, in a process of its own (`-m tests.patterns`).

It prints the patterns whose effort grows faster than the text, and ends itself where that would take too long.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

LENGTH = 50_000
CPU_FOR_ONE, CPU_FOR_THE_ARGUMENT = 1.0, 0.2
CPU_FOR_ALL = 120

ROOT = Path(__file__).resolve().parent.parent
METHODS = ("match", "fullmatch", "search", "sub")
CALLS = {"match": "match", "fullmatch": "fullmatch", "search": "search", "sub": "sub", "subn": "sub"}
CALLS |= {"findall": "search", "finditer": "sub", "split": "sub"}


class Use(NamedTuple):
    """A pattern, and how the product asks it."""

    pattern: re.Pattern[str]
    method: str
    place: str


class TooLongError(Exception):
    """The effort is more than is allowed for one text."""


def uses() -> set[Use]:
    """Return the patterns that modules compile when they are imported, and those that stand in their functions."""
    compiled: dict[re.Pattern[str], str] = {}
    with _recording(compiled):
        for path in sorted((ROOT / "crm").rglob("*.py")):
            name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
            importlib.import_module(name)
        importlib.import_module("config")
    asked = set()
    trees = {path: ast.parse(path.read_text()) for path in [*(ROOT / "crm").rglob("*.py"), ROOT / "config.py"]}
    methods = _calls(trees.values())
    for pattern, place in compiled.items():
        found = methods.get(_name_of(pattern), set()) or set(METHODS)
        asked |= {Use(pattern, method, place) for method in found}
    return asked | {use for path, tree in trees.items() for use in _written(path, tree)}


def slow(found: Use, cpu: float = CPU_FOR_ONE) -> str:
    """Return the beginning of a text that takes a pattern too long; "" for none."""
    for text in hostile(found.pattern):
        signal.setitimer(signal.ITIMER_VIRTUAL, cpu)
        try:
            ask(found.pattern, found.method, text)
        except TooLongError:
            return repr(text[:20])
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return ""


def ask(pattern: re.Pattern[Any], method: str, text: Any) -> object:
    """Ask a pattern by one of METHODS."""
    if isinstance(pattern.pattern, bytes):
        text = text.encode(errors="replace")
        return pattern.sub(b"", text) if method == "sub" else getattr(pattern, method)(text)
    return pattern.sub("", text) if method == "sub" else getattr(pattern, method)(text)


def hostile(pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield texts of what the pattern may take, over and over, with its words before and what it refuses after."""
    words = _words(pattern)
    for filler in sorted({*_fillers(pattern), *words}):
        many = filler * (LENGTH // len(filler))
        for begin in dict.fromkeys(["", *words]):
            yield begin + many + "b\0"
            yield begin + many + "\n)"


def _parsed(pattern: re.Pattern[str]) -> Any:
    return re._parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)  # type: ignore[attr-defined]  # of the library


def _walk(tree: Any) -> Iterator[tuple[Any, Any]]:
    for node in tree:
        if isinstance(node, tuple) and len(node) == 2 and hasattr(node[0], "name"):
            yield node
        for part in node if isinstance(node, tuple | list) else ():
            if isinstance(part, tuple | list) or hasattr(part, "data"):
                yield from _walk(part)


def _fillers(pattern: re.Pattern[str]) -> set[str]:
    """Return a character of each kind that the pattern tells apart."""
    literals = {chr(value) for kind, value in _walk(_parsed(pattern)) if str(kind) in ("LITERAL", "NOT_LITERAL")}
    return {" ", "a", "1"} | set(sorted(literals)[:4])


def _words(pattern: re.Pattern[str]) -> list[str]:
    """Return the words that stand in a pattern."""
    found, run = [], ""
    for kind, value in _walk(_parsed(pattern)):
        if str(kind) == "LITERAL":
            run += chr(value)
        elif run:
            found.append(run)
            run = ""
    return list(dict.fromkeys([*found, run] if run else found))[:2]


@contextlib.contextmanager
def _recording(found: dict[re.Pattern[str], str]) -> Iterator[None]:
    compile_: Callable[..., Any] = re._compile  # type: ignore[attr-defined]  # what all of the library's functions call

    def record(pattern: Any, flags: int) -> Any:
        made = compile_(pattern, flags)
        frame = sys._getframe(2)
        if frame.f_globals.get("__name__", "").split(".")[0] in ("crm", "config"):
            found.setdefault(made, f"{frame.f_globals['__name__']}:{frame.f_lineno}")
        return made

    re._compile = record  # type: ignore[attr-defined]
    try:
        yield
    finally:
        re._compile = compile_  # type: ignore[attr-defined]


def _name_of(pattern: re.Pattern[str]) -> str:
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("crm", "config"):
            for attribute, value in vars(module).items():
                if value is pattern:
                    return attribute
    return ""


def _calls(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """Return by which methods each name is asked, as in `_NAME.match(…)` or `module.NAME.match(…)`."""
    found: dict[str, set[str]] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and node.attr in CALLS:
            name = getattr(node.value, "id", None) or getattr(node.value, "attr", None)
            if name:
                found.setdefault(name, set()).add(CALLS[node.attr])
    return found


def _written(path: Path, tree: ast.Module) -> Iterator[Use]:
    """Yield what functions compile by the way: `re.sub("…", …)`, also where the pattern is put together."""
    module = sys.modules[path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_re(node.func.value):
            if node.func.attr == "compile":
                continue
            flags = re.ASCII if "ASCII" in ast.unparse(node) else 0
            for source in _sources(node.args[0], tree, module):
                with contextlib.suppress(re.error):
                    yield Use(re.compile(source, flags), CALLS.get(node.func.attr, "search"), f"{path}:{node.lineno}")


def _is_re(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "re"


def _sources(node: ast.expr, tree: ast.Module, module: Any) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(_part(part, module) for part in node.values)
        return
    try:
        value = eval(ast.unparse(node), vars(module))
        yield value if isinstance(value, str) else ""
    except NameError:  # a parameter: any text of the module that looks like a pattern may come
        for text in ast.walk(tree):
            if (
                isinstance(text, ast.Constant)
                and isinstance(text.value, str)
                and re.search(r"\\[dws]|\[.*\]", text.value)
            ):
                yield text.value


def _part(part: ast.expr, module: Any) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    try:
        return str(eval(ast.unparse(part.value), vars(module)))  # type: ignore[attr-defined]
    except NameError:
        return "[., ]"


def main() -> None:
    """Print one line for each use that is slow; with a pattern as argument, try that one alone."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_FOR_ALL, CPU_FOR_ALL))

    def stop(number: int, frame: Any) -> None:
        raise TooLongError

    signal.signal(signal.SIGVTALRM, stop)
    tried = {Use(re.compile(sys.argv[1]), method, "argument") for method in METHODS} if sys.argv[1:] else uses()
    for use in sorted(tried, key=lambda use: (use.place, use.method, use.pattern.pattern)):
        text = slow(use, CPU_FOR_THE_ARGUMENT if sys.argv[1:] else CPU_FOR_ONE)
        if text:
            _say(f"{use.place}: {use.method} of {use.pattern.pattern!r} on {text}")
    _say(f"{len(tried)} tried")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
