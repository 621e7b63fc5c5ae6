"""Base form: cleaned text, sentences for people, and a key that makes a repeated POST one row."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import Field, HiddenField, PasswordField, SelectChoice, StringField, TextAreaField, ValidationError
from wtforms.fields.core import UnboundField

from crm.kernel.csrf import form_is_stale
from crm.kernel.errors import SentenceError
from crm.kernel.idempotency import KeyReusedError, RequestKey
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import ascii_digits, clean_line, clean_text, shorten
from crm.web.filters import number

PASSWORDS: set[str] = set()
"""The names of the fields of every form in which passwords are typed."""


def options(pairs: Iterable[tuple[object, str]]) -> list[SelectChoice]:
    return [SelectChoice(str(value), label) for value, label in pairs]


class Form(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    shows_again = True
    stale: str = N_("You signed in again since this page was opened. Check it and save.")

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # flask_wtf has no types
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            clean = _cleaner(unbound_field.field_class)
            options["filters"] = (*clean, *unbound_field.kwargs.get("filters", ()))
            return unbound_field.bind(form=form, **options)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fields = ((name, field) for name, field in vars(cls).items() if isinstance(field, UnboundField))
        PASSWORDS.update(name for name, field in fields if issubclass(field.field_class, PasswordField))

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Fail for a form with the token of another session, whatever it holds, so that it is shown again."""
        valid: bool = super().validate(*args, **kwargs)
        if form_is_stale() and "csrf_token" in self:
            self.csrf_token.errors = []
            self.form_errors.append(str(self.stale))
            return False
        return valid

    def fail(self, field: str, sentence: str) -> None:
        self[field].errors = [*self[field].errors, sentence]


class CreatingForm(Form):
    """A form that creates a row: the same key and content twice create one."""

    idempotency_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_submitted():
            self.idempotency_key.data = new_key()

    def request_key(self) -> RequestKey | None:
        key = (self.idempotency_key.data or "").strip()[:100]
        return RequestKey(key, fingerprint(request.form.items(multi=True), request.files)) if key else None

    def refuse(self, field: str, error: SentenceError) -> None:
        """Show a service's error at `field`; after KeyReusedError give the form a new key."""
        if isinstance(error, KeyReusedError):
            self.renew_key()
            self.form_errors.append(str(error))
        else:
            self.fail(field, str(error))

    def renew_key(self) -> None:
        self.idempotency_key.data = new_key()
        self.idempotency_key.raw_data = None


def new_key() -> str:
    return secrets.token_urlsafe(18)


def fingerprint(fields: Iterable[tuple[str, str]], files: Any) -> str:
    """Hash a POST's fields, without tokens and keys, and the bytes of its files."""
    digest = hashlib.sha256(request.path.encode())
    for name, value in sorted(fields):
        if name not in ("csrf_token", "idempotency_key"):
            digest.update(f"\0{name}\0{value}".encode())
    for name, upload in files.items(multi=True):
        digest.update(f"\0{name}\0{upload.filename}\0{_hash(upload)}".encode())
    return digest.hexdigest()


class Length:
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, form: Any, field: Field) -> None:
        over = len(field.data or "") - self.limit
        if over > 0:
            raise ValidationError(shorten(f"“{field.label.text}”", over, self.limit))


class Required:
    field_flags = {"required": True}

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data:
            raise ValidationError(self.sentence)


class Whole:
    """A whole number between two, kept as text."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def __call__(self, form: Any, field: Field) -> None:
        typed = ascii_digits((field.data or "").strip())
        if not (typed.isascii() and typed.isdigit() and self.least <= int(typed[:12]) <= self.most):
            sentence = _("Enter a number from %(least)s to %(most)s.", least=number(self.least), most=number(self.most))
            raise ValidationError(sentence)


def _cleaner(kind: type[Field]) -> tuple[Callable[[Any], Any], ...]:
    if issubclass(kind, PasswordField):
        return ()
    if issubclass(kind, TextAreaField):
        return (_clean_text,)
    return (_clean_line,) if issubclass(kind, StringField) else ()


def _clean_line(value: Any) -> Any:
    return clean_line(value) if isinstance(value, str) else value


def _clean_text(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) else value


def _hash(upload: FileStorage) -> str:
    digest = hashlib.file_digest(upload.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # reading is all that is asked of it
    upload.stream.seek(0)
    return digest
