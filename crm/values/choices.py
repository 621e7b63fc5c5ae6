"""Unknown values of filters match nothing: a list that showed everybody would be acted on."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import clean_line

NO_FILTER = ("", "all")

NAMES = {
    "tier": N_("tier"),
    "status": N_("status"),
    "created": N_("month"),
    "month": N_("month"),
    "receipt": N_("receipt state"),
    "currency": N_("currency"),
    "state": N_("state"),
    "sort": N_("order"),
    "follow_up": N_("follow-up"),
    "channel": N_("channel"),
    "when": N_("time"),
    "show": N_("view"),
    "view": N_("view"),
    "mine": N_("view"),
}
"""How sentences name the filters."""


def unknown_choice(args: Mapping[str, str], **choices: Collection[str]) -> str:
    for name, known in choices.items():
        value = args.get(name, "")
        if value not in NO_FILTER and value not in known:
            return _("There is no %(name)s “%(value)s”.", name=_(NAMES[name]), value=clean_line(value)[:40])
    return ""
