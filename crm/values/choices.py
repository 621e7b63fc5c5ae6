"""Values of filters that nothing has: they match nobody, for a list that shows everybody would be acted on."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crm.values.text import clean_line

NONE = ("", "all")
"""What asks for no filter at all."""


def unknown_choice(args: Mapping[str, str], **choices: Collection[str]) -> str:
    """Return a sentence about the first filter whose value is none of its choices; "" where there is none."""
    for name, known in choices.items():
        value = args.get(name, "")
        if value not in NONE and value not in known:
            return f"There is no {name.replace('_', ' ')} “{clean_line(value)[:40]}”."
    return ""
