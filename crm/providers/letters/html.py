"""The HTML of a letter, made from its text alone: paragraphs, lines and links."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup, escape

MAX_SHOWN_LINK = 60

_LINK = re.compile(r"https?://[^\s<>\"']+")
_AFTER = ".,;:!?)]}\N{HORIZONTAL ELLIPSIS}\N{RIGHT DOUBLE QUOTATION MARK}"
"""What ends a sentence, and not the link in it."""


def html_of(subject: str, text: str, sender: str) -> str:
    paragraphs = [_lines(part) for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    return _template().render(subject=subject, paragraphs=paragraphs, sender=sender)


def _lines(paragraph: str) -> Markup:
    return Markup("<br>\n").join(_with_links(line) for line in paragraph.split("\n"))


def _with_links(line: str) -> Markup:
    found, last = Markup(), 0
    for match in _LINK.finditer(line):
        address = match[0].rstrip(_AFTER)
        shown = address if len(address) <= MAX_SHOWN_LINK else f"{address[: MAX_SHOWN_LINK - 1]}…"
        found += escape(line[last : match.start()]) + Markup('<a href="{}">{}</a>').format(address, shown)
        last = match.start() + len(address)
    return found + escape(line[last:])


@cache
def _template() -> Template:
    # Calls run in threads without an application, so the letter has an environment of its own.
    folder = Path(__file__).parent
    return Environment(loader=FileSystemLoader(folder), autoescape=True).get_template("letter.html")
