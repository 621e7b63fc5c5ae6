"""The form of one's own preferences."""

from __future__ import annotations

from wtforms import BooleanField, RadioField, SelectField

from crm.values.language import AUTO, LANGUAGES, N_
from crm.web.forms import Form, options

SYSTEM = "system"
THEMES = ((SYSTEM, N_("As the device")), ("light", N_("Light theme")), ("dark", N_("Dark theme")))


def _theme(value: str | None) -> str | None:
    return SYSTEM if value in ("", AUTO) else value


class PreferencesForm(Form):
    language = SelectField(
        N_("Language"),
        choices=lambda: [
            *options([(AUTO, N_("As the organization or the browser"))]),
            *options((language.code, language.name) for language in LANGUAGES.values()),
        ],
    )
    theme = RadioField(N_("Theme"), choices=lambda: options(THEMES), filters=[_theme])
    single_keys = BooleanField(N_("Single-key shortcuts"))
