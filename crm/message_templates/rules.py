"""Texts with fields like `{name}`: read into pieces, checked, and filled; nothing in them is ever evaluated.

A brace is for a field and nothing else. What a customer lacks has a fallback, written at each field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeVar

from babel.lists import format_list

from crm.messages.rules import ApprovedTemplate
from crm.values import language
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _

FIELDS = {
    "name": N_("the customer's name"),
    "branch": N_("the customer's branch, or the organization's name without one"),
    "organization": N_("the organization's name"),
    "points": N_("the customer's points, 0 until they have some"),
    "amount": N_("the total of the customer's orders"),
    "last_order": N_("the day of the customer's last order, - without one"),
}
"""What a text may name, and what is put there."""

APPROVED_NAME = re.compile(r"[a-z0-9_]{1,512}|HX[0-9a-f]{32}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z][A-Za-z]{1,3})?")
"""How WhatsApp names templates and languages, and Twilio contents, whose language is part of them.

Sources: WhatsApp Business Management API, message templates; Twilio Content API, ContentSid.
"""

MAX_PARAMETERS = 20
MAX_PARAMETER = 1_024

_NAMED = re.compile(r"([a-z][a-z0-9_]{0,59}) ?= ?(\S.*)")
"""A parameter with its name, as WhatsApp names them (message templates, named parameters)."""

_PIECE = re.compile(r"\{\{\s*(?:\w+\s*)?\}\}|\{[^{}]*\}|[{}]|[^{}]+")
_SHOWN = 20


class Piece(NamedTuple):
    """A part of a text: the name of a field, or words as they are."""

    text: str
    is_field: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """What is sent: words as somebody wrote them, or a template's text with fields, perhaps approved by WhatsApp.

    language: its code, "" for any. others: the same in other languages. subject: of an e-mail, with fields as the text.
    """

    text: str
    has_fields: bool = False
    approved: ApprovedTemplate | None = None
    language: str = ""
    others: tuple[Wording, ...] = ()
    subject: str = ""

    def filled(self, values: Mapping[str, str]) -> Wording:
        """Return the same with the values where the fields are."""
        if not self.has_fields:
            return self
        approved = self.approved
        if approved is not None:
            parameters = tuple(fill(parse(source), values) for source in approved.parameters)
            approved = replace(approved, parameters=parameters)
        return Wording(fill(parse(self.text), values), False, approved, subject=fill(parse(self.subject), values))

    def to_json(self) -> dict[str, Any]:
        """Return what a database keeps."""
        approved = self.approved.to_json() if self.approved else None
        kept = {"text": self.text, "has_fields": self.has_fields, "approved": approved, "language": self.language}
        kept |= {"others": [other.to_json() for other in self.others]} if self.others else {}
        return kept | ({"subject": self.subject} if self.subject else {})

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Wording:
        """Return what `to_json` was made of."""
        others = tuple(map(cls.from_json, kept.get("others", ())))
        approved = ApprovedTemplate.from_json(kept["approved"])
        language = kept.get("language", "")
        return cls(kept["text"], kept["has_fields"], approved, language, others, kept.get("subject", ""))


class Version(Protocol):
    @property
    def language(self) -> str: ...


Some = TypeVar("Some", bound=Version)


def spoken(code: str) -> str:
    """Return the language of a code like en_US."""
    return code.partition("_")[0].lower()


def version_for(versions: Sequence[Some], wanted: str, usual: str) -> Some:
    """Return the version in the language that is wanted, else one for any, else one in the usual language."""
    found = {spoken(version.language): version for version in reversed(versions)}
    return next((found[code] for code in (wanted, "", usual) if code in found), versions[0])


def parse(source: str) -> list[Piece]:
    """Take a text apart; raises ValueError with a sentence that names what is wrong and what may be used."""
    return [_piece(match[0], source, match.start()) for match in _PIECE.finditer(source)]


def fill(pieces: Iterable[Piece], values: Mapping[str, str]) -> str:
    """Put the values where the fields are; braces in a value are only characters."""
    return "".join(values[piece.text] if piece.is_field else piece.text for piece in pieces)


def problem(source: str, room: int | None = None) -> str | None:
    """Return the sentence that says what is wrong with a text, or None; one without room is not even read."""
    if room is not None and len(source) > room:
        over = len(source) - room
        return ngettext(
            "Shorten the text by %(num)s character: there is room for %(room)s.",
            "Shorten the text by %(num)s characters: there is room for %(room)s.",
            over,
            num=f"{over:,}",
            room=f"{room:,}",
        )
    try:
        parse(source)
    except ValueError as error:
        return str(error)
    return None


def parameters_of(text: str) -> list[str]:
    """Return the parameters of an approved template, written one a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def named(parameters: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of parameters and their sources; no names where not all have one, for then places count."""
    lines = tuple(parameters)
    found = [match for match in map(_NAMED.fullmatch, lines) if match]
    if not found or len(found) < len(lines):
        return (), lines
    return tuple(match[1] for match in found), tuple(match[2] for match in found)


def names_problem(parameters: Iterable[str]) -> str | None:
    """Return the sentence that says what is wrong with the names of parameters, or None."""
    lines = list(parameters)
    names = [match[1] for match in map(_NAMED.fullmatch, lines) if match]
    if names and len(names) < len(lines):
        return _("Give each parameter its name, like customer_name = {name}, or none of them.")
    twice = next((name for name in names if names.count(name) > 1), None)
    return _("There are two parameters %(name)s. Write each name once.", name=twice) if twice else None


def _piece(found: str, source: str, start: int) -> Piece:
    if found.startswith("{{"):
        raise ValueError(
            _("Write a field, in single braces, instead of %(found)s. %(known)s", found=_shown(found), known=_known())
        )
    if found == "{":
        near = source[start : start + _SHOWN].splitlines()[0]
        raise ValueError(_("Close the brace in “%(near)s”. %(known)s", near=near, known=_known()))
    if found == "}":
        raise ValueError(_("There is a } without a { before it. %(known)s", known=_known()))
    if not found.startswith("{"):
        return Piece(found, False)
    name = found[1:-1].strip().lower()
    if name not in FIELDS:
        raise ValueError(_("There is no field %(found)s. %(known)s", found=_shown(found), known=_known()))
    return Piece(name, True)


def _shown(found: str) -> str:
    return found if len(found) <= 2 * _SHOWN else f"{found[: 2 * _SHOWN]}…"


def parameters_problem(parameters: list[str]) -> str | None:
    """Return the sentence that says what is wrong with the parameters of an approved template, or None."""
    if len(parameters) > MAX_PARAMETERS:
        return _("Enter up to %(most)s parameters, one a line.", most=MAX_PARAMETERS)
    if any(len(parameter) > MAX_PARAMETER for parameter in parameters):
        return _("Shorten the parameters: each has room for %(room)s characters.", room=f"{MAX_PARAMETER:,}")
    wrong = next(filter(None, (problem(parameter, MAX_PARAMETER) for parameter in parameters)), None)
    return wrong or names_problem(parameters)


def _known() -> str:
    names = [f"{{{name}}}" for name in FIELDS]
    return _("The fields are %(fields)s.", fields=format_list(names, locale=language.current().locale))
