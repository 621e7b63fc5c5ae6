"""Unknown values of filters match nothing: a list that showed everybody would be acted on."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crm.values.text import clean_line

NO_FILTER = ("", "all")


def unknown_choice(args: Mapping[str, str], **choices: Collection[str]) -> str:
    for name, known in choices.items():
        value = args.get(name, "")
        if value not in NO_FILTER and value not in known:
            return f"There is no {name.replace('_', ' ')} “{clean_line(value)[:40]}”."
    return ""
