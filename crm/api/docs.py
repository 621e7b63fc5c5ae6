"""The page that shows the OpenAPI document to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from crm.kernel.manifest import catalog
from crm.kernel.roles import Role

Json = dict[str, Any]


class DocField(NamedTuple):
    name: str
    kind: str
    shape: str
    text: str
    is_required: bool


class Operation(NamedTuple):
    id: str
    method: str
    path: str
    summary: str
    text: Markup
    role: str
    parameters: list[DocField]
    body: str
    """The type of the content, or ""."""
    fields: list[DocField]
    answer: str
    """The name of the shape, or ""."""
    status: str
    problems: list[tuple[str, str]]


class DocPage(NamedTuple):
    text: Markup
    groups: dict[str, list[Operation]]
    shapes: dict[str, list[DocField]]


def page_content(document: Json) -> DocPage:
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                groups[operation["tags"][0]].append(_operation(document, path, method, operation))
    schemas = document["components"]["schemas"]
    answered = {name: list(_fields(schemas[name])) for name in schemas if _is_answered(name, groups, schemas)}
    return DocPage(prose(document["info"]["description"]), groups, answered)


def prose(text: str) -> Markup:
    """Render `code` and **strong** in paragraphs of text as markup."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n") if paragraph.strip()]
    marked = [
        re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", re.sub(r"`(.+?)`", r"<code>\1</code>", str(escape(paragraph))))
        for paragraph in paragraphs
    ]
    return Markup("".join(f"<p>{paragraph}</p>" for paragraph in marked))  # noqa: S704 -- it is escaped


def _operation(document: Json, path: str, method: str, operation: Json) -> Operation:
    schemas = document["components"]["schemas"]
    shared = document["paths"][path].get("parameters", [])
    parameters = [_field(p["name"], p["schema"], p.get("description", ""), p.get("required")) for p in shared]
    parameters += [
        _field(p["name"], p["schema"], p.get("description", ""), p.get("required"))
        for p in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {})
    status = next(code for code in operation["responses"] if code < "400")
    content = operation["responses"][status].get("content", {})
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"].rstrip("."),
        text=prose(operation.get("description", "")),
        role=_role(operation),
        parameters=parameters,
        body=next(iter(body), ""),
        fields=list(_fields(_resolved(next(iter(body.values()))["schema"], schemas))) if body else [],
        answer=_name(next(iter(content.values()))["schema"]) if content else "",
        status=status,
        problems=[
            (code, document["components"]["responses"][f"Problem{code}"]["description"])
            for code in operation["responses"]
            if code >= "400"
        ],
    )


def _role(operation: Json) -> str:
    role = _roles().get(operation["operationId"])
    return role.label if role else ""


def _roles() -> dict[str, Role]:
    resources = {resource.name: resource for resource in catalog().api}
    found = {}
    for name, role in catalog().roles.items():
        blueprint, _, endpoint = name.partition(".")
        if blueprint in resources:
            found[resources[blueprint].operation_id(endpoint)] = role
    return found


def _fields(schema: Json) -> Iterator[DocField]:
    for name, found in schema.get("properties", {}).items():
        yield _field(name, found, found.get("description", ""), name in schema.get("required", ()))


def _field(name: str, schema: Json, text: str, is_required: bool | None) -> DocField:
    return DocField(name, _kind(schema), _name(schema.get("items", schema)), text, bool(is_required))


def _kind(schema: Json) -> str:
    """Describe the values, as in "text, up to 200 characters"."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"] if "const" not in part)
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    types = schema.get("type", "text")
    kinds = [_word(type_, schema) for type_ in ([types] if isinstance(types, str) else types)]
    room = schema.get("maxLength") or (schema.get("maximum") if schema.get("maximum", 10**9) < 10**9 else None)
    limit = f", up to {room:,}{' characters' if 'maxLength' in schema else ''}" if room else ""
    return " or ".join(kinds) + limit


def _word(type_: str, schema: Json) -> str:
    if type_ == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]] if type_ == "string" else type_
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(type_, type_)


_FORMATS = {"email": "e-mail address", "date": "date", "date-time": "date and time", "binary": "file"}


def _resolved(schema: Json, schemas: Json) -> Json:
    found: Json = schemas[_name(schema)] if "$ref" in schema else schema
    return found


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _is_answered(name: str, groups: dict[str, list[Operation]], schemas: Json) -> bool:
    answers = {operation.answer for operations in groups.values() for operation in operations}
    parts = {_name(part.get("items", part)) for schema in schemas.values() for part in schema["properties"].values()}
    return name in answers | parts or name == "Problem"
