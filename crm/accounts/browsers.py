"""What a browser calls itself, in words."""

from __future__ import annotations

import re
from typing import NamedTuple

_BROWSERS = (
    ("Edge", r"\bEdgA?(iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS)/"),
    ("Safari", r"\bVersion/.{1,60}\bSafari/"),
)
_SYSTEMS = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b"),
    ("Linux", r"\bLinux\b"),
)
"""The first that fits wins: nearly every browser names those that it wants to be taken for, too."""

MAX_LENGTH = 400


class NewBrowser(NamedTuple):
    """A browser in which an account did not sign in before. `name` and `system` are "" for unknown ones."""

    name: str
    system: str
    address: str


def new_browser(user_agent: str, address: str) -> NewBrowser:
    text = user_agent[:MAX_LENGTH]
    return NewBrowser(_first(_BROWSERS, text), _first(_SYSTEMS, text), address)


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, text)), "")
