"""The catalogs: complete, with the same values in every sentence; and no text of a page that they don't know."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask
from jinja2 import Environment, nodes

from crm.values.language import CATALOGS, ENGLISH, LANGUAGES, speaking
from tests.catalog import CATALOG
from tests.servers import ROOT

CODE, TEMPLATES = ROOT / "crm", ROOT / "crm" / "templates"
TRANSLATED = sorted(LANGUAGES.keys() - {ENGLISH})
PLACE = re.compile(r"%\((\w+)\)s|%(%)|\{(\w*)\}")
FIELDS_OF_TEXTS = {"SentenceError", "ConflictError", "FieldError", "ValidationError", "Required", "MenuLink", "abort"}
NO_PAGES = ("/api/", "/providers/", "/programs/", "/demo/", "/kernel/problems.py", "/kernel/storage.py")
"""Packages that speak to programs or on the command line; so do the modules below."""
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if path.parent.name != "api")
"""All but the document of the API, which is in English as the API is."""
NO_PAGE = {"api.py", "schemas.py", "cli.py", "webhook_api.py", "api_queries.py", "tokens.py", "signed.py", "demo.py"}

ENGLISH_ONLY = (
    "Tenant not found",
    "This webhook-id came before",
    "There is an organization {slug}",
    "There is no branch {branch}",
    "{model.__name__} {id_} was merged",
)
"""Answers of the API and of commands, by how they begin."""

every_catalog = pytest.mark.parametrize("code", TRANSLATED)


@cache
def texts() -> Catalog:
    """Return all texts of the source."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "messages.pot"
        options = ["-q", "extract", "-F", "pyproject.toml", "-k", "N_", "--no-location", "-o", str(template), "."]
        subprocess.run([Path(sys.executable).with_name("pybabel"), *options], cwd=ROOT, check=True)
        return read_po(template.open("rb"))


@cache
def catalog(code: str) -> Catalog:
    with (CATALOGS / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


@every_catalog
def test_every_text_is_translated(code: str) -> None:
    known = catalog(code)
    missing = [found.id for found in texts() if found.id and not _is_translated(known.get(found.id, found.context))]
    assert missing == []
    unknown = [found.id for found in known if found.id and texts().get(found.id, found.context) is None]
    assert unknown == [], "make messages drops what the source has no more"


@every_catalog
def test_a_translation_keeps_the_values(code: str) -> None:
    for found in catalog(code):
        if not found.id:
            continue
        ids, strings = _forms(found.id), _forms(found.string)
        allowed = set().union(*map(_values, ids))
        for string in strings:
            assert _values(string) <= allowed, string
            # A form for one or two may say it in words.
            assert _values(ids[-1]) - _values(string) <= ({"num"} if len(ids) > 1 else set()), string
            assert string.strip() == string or ids[0].strip() != ids[0], string
        if len(ids) > 1:
            assert len(strings) == catalog(code).num_plurals, found.id


@every_catalog
def test_the_compiled_catalog_is_of_the_text(code: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalog(code))
    compiled.seek(0)
    with (CATALOGS / code / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        assert _sentences(file) == _sentences(compiled), "make messages compiles it"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_imported_template_translates_nothing_when_it_is_imported(app: Flask) -> None:
    """Jinja evaluates the top level of a module once, for all languages."""
    trees = {path: app.jinja_env.parse(path.read_text()) for path in TEMPLATES.rglob("*.html")}
    imported = {
        found.template.value
        for tree in trees.values()
        for found in tree.find_all((nodes.FromImport, nodes.Import))
        if isinstance(found.template, nodes.Const)
    }
    for name in imported:
        tree = trees[TEMPLATES / name]
        inside = {id(call) for macro in tree.find_all(nodes.Macro) for call in _translations(macro)}
        assert [call.lineno for call in _translations(tree) if id(call) not in inside] == [], name


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_day_inside_a_sentence_begins_with_a_small_letter(app: Flask) -> None:
    """“due today 10:30”, not “due Today 10:30”."""
    found = [
        f"{path.relative_to(TEMPLATES)}:{day.lineno}"
        for path in TEMPLATES.rglob("*.html")
        for call in _translations(app.jinja_env.parse(path.read_text()))
        for day in call.find_all(nodes.Filter)
        if day.name in ("when", "day", "day_of") and [keyword.key for keyword in day.kwargs] != ["inside"]
    ]
    assert found == []


@every_catalog
def test_what_manifests_count_is_said_in_the_languages_plurals(code: str) -> None:
    forms = catalog(code).num_plurals
    for table, counted in CATALOG.customer_rows.items():
        english = counted(2, "2")  # its singular may be the word of another language, too: voucher
        with speaking(code):
            said = {counted(number, str(number)) for number in (0, 1, 2, 3, 11, 100)}
        assert english not in said, table
        assert forms < 6 or len(said) >= 5, f"{table}: {said}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_text_of_a_template_can_be_translated(path: Path) -> None:
    assert list(_bare_texts(path.read_text())) == []


def test_every_sentence_of_a_page_can_be_translated() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted(CODE.rglob("*.py"))
        if path.name not in NO_PAGE and not any(part in f"/{path.relative_to(CODE)}" for part in NO_PAGES)
        for node in _bare_sentences(ast.parse(path.read_text()))
    ]
    assert found == []


def _sentences(file: IO[bytes]) -> dict[object, str]:
    found = vars(Translations(file))["_catalog"]
    return {key: text for key, text in found.items() if key}


def _is_translated(found: Message | None) -> bool:
    return found is not None and not found.fuzzy and all(_forms(found.string))


def _forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def _values(text: str) -> set[str]:
    return {"".join(part or "" for part in found) for found in PLACE.findall(text)}


def _translations(tree: nodes.Node) -> Iterator[nodes.Call]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "gettext", "ngettext", "pgettext"):
            yield call


_SHOWN_ATTRIBUTE = re.compile(r"""\s(?:aria-label|title|placeholder|alt)="([^"]*)\"""")
_NAMES = re.compile(r"\b(?:CRM|SMS|WhatsApp|PDF|API|JSON|CSV|OK|Twilio|Meta|STOP|width=.*|light dark)\b")


def _bare_texts(source: str) -> Iterator[str]:
    text = _without_expressions(source)
    shown = [match[1] for match in _SHOWN_ATTRIBUTE.finditer(text)]
    text = re.sub(r"<(?:code|script|kbd)\b.*?</(?:code|script|kbd)>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->|<[a-z!/][^<>]*>", "\n", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"&[a-z]+;|data-[a-z-]+=", "", text)
    for piece in (*shown, *text.splitlines()):
        if re.search("[A-Za-z]{2,}", _NAMES.sub("", piece.replace("\0", ""))):
            yield piece.strip()


def _without_expressions(source: str) -> str:
    """Return what a template shows as it stands, without translated blocks; a mark stands for each expression."""
    pieces: list[str] = []
    names: list[str] = []
    is_translated = False
    for _line, kind, value in Environment(extensions=["jinja2.ext.i18n"]).lex(source):
        if kind == "block_begin":
            names = []
        elif kind == "name":
            names.append(value)
        elif kind == "block_end":
            is_translated = names[:1] == ["trans"] or (is_translated and names[:1] != ["endtrans"])
        elif kind == "data":
            pieces.append("" if is_translated else value)
        elif kind == "variable_begin":
            pieces.append("\0")
    return "".join(pieces)


def _bare_sentences(tree: ast.Module) -> Iterator[ast.expr]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in FIELDS_OF_TEXTS or name.endswith("Field") or name in ("fail", "flash", "toast"):
            yield from (arg for arg in call.args if _is_sentence(arg) and not _begins(arg).startswith(ENGLISH_ONLY))


def _begins(node: ast.expr) -> str:
    return ast.unparse(node).lstrip("f").strip("'\"")


def _is_sentence(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(
            isinstance(part, ast.Constant) and re.search("[A-Z]?[a-z]+ [a-z]", part.value) for part in node.values
        )
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(re.match("[A-Z][a-z]", node.value))
