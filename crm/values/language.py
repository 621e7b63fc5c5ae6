"""The languages of the product, and the sentences of each by gettext.

`from crm.values.language import N_, gettext as _, ngettext`. The language is chosen once, for a request or a message,
with `use` or `speaking`; texts in the source are English. A value is put in by name: `_("%(name)s added.", name=name)`;
write a percent sign as %%.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import gettext as gnu
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel import Locale, negotiate_locale
from babel.support import NullTranslations, Translations
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

CATALOGS = Path(__file__).parent.parent / "translations"

ENGLISH = "en"


class Language(NamedTuple):
    """`locale` names its months and days, where the organization's own locale is of another language."""

    code: str
    name: str
    locale: str
    is_rtl: bool = False


LANGUAGES = {
    language.code: language
    for language in (
        Language(ENGLISH, "English", "en_GB"),
        Language("id", "Bahasa Indonesia", "id_ID"),
        Language("ur", "اردو", "ur_PK", is_rtl=True),
        Language("ar", "العربية", "ar_EG", is_rtl=True),
    )
}
AUTO = "auto"
"""The choice of whatever comes next: the organization's language, then the browser's."""

_current: contextvars.ContextVar[str] = contextvars.ContextVar("language", default=ENGLISH)


class Text(str):
    """A text that is declared in English and shown in the language of the moment it is shown in."""

    __slots__ = ()

    def __str__(self) -> str:
        return gettext(str.__str__(self))

    def __html__(self) -> str:
        from_markup = str(self)
        return from_markup.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __mod__(self, values: object) -> str:
        return catalog().gettext(str.__str__(self)) % values


N_ = Text


def current() -> Language:
    return LANGUAGES.get(_current.get(), LANGUAGES[ENGLISH])


def code() -> str:
    """Return the code of the current language, the cheapest key of what is kept for each."""
    return _current.get()


def use(code: str) -> None:
    _current.set(code)


@contextlib.contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak this language inside; an unknown one is English."""
    token = _current.set(code)
    try:
        yield
    finally:
        _current.reset(token)


def chosen(*choices: str, accepted: str = "") -> str:
    """Return the first of `choices` that is a language, else the best of an Accept-Language header, else English."""
    return next((choice for choice in choices if choice in LANGUAGES), None) or of_browser(accepted) or ENGLISH


def of_browser(accepted: str) -> str | None:
    """Return the best of our languages in an Accept-Language header; None if it asks for none of them."""
    return _negotiated(accepted[:200])


@functools.lru_cache(maxsize=1024)
def _negotiated(accepted: str) -> str | None:
    wanted = (name.replace("-", "_") for name in parse_accept_header(accepted, LanguageAccept).values())
    return negotiate_locale(list(wanted), list(LANGUAGES))


def gettext(message: str, /, **values: object) -> str:
    return catalog().gettext(str.__str__(message)) % values


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Translate a text that English writes like another one: `pgettext("month", "May")`."""
    return catalog().pgettext(context, str.__str__(message)) % values


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the form for `number`, which the text shows as %(num)s; give `num` to write it by a locale."""
    return catalog().ngettext(one, many, number) % {"num": number, **values}


def date_locale(locale: str) -> str:
    """Return the locale that names days and months: the organization's where it is of the current language."""
    language = current()
    return locale if locale.replace("-", "_").split("_")[0] == language.code else language.locale


def catalog() -> gnu.NullTranslations:
    return _catalog(_current.get())


@functools.cache
def _catalog(code: str) -> gnu.NullTranslations:
    if code not in LANGUAGES or code == ENGLISH:
        return NullTranslations()
    return Translations.load(str(CATALOGS), [str(Locale.parse(code))])
