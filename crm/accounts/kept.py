"""What was typed into a form that is sent after its session ended: the sign-in page keeps it, and nothing is stored.

The browser carries the fields through the sign-in page as one signed text. After signing in, the user sends them again
with the token of the ended session, so the view does nothing but show its form with them (`kernel/csrf.py`). Passwords
are left out, and files can't be kept.
"""

from __future__ import annotations

from typing import NamedTuple, Self

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.exceptions import RequestEntityTooLarge

from crm.accounts.rules import SECRETS
from crm.accounts.sign_ins import SignInError, organization_of
from crm.kernel.csrf import would_show_again
from crm.values.language import gettext as _
from crm.web.forms import PASSWORDS
from crm.web.uploads import limit_for

MAX_CHARACTERS = 100_000
"""More than any form takes; the sign-in form has to hold it."""

NOT_TYPED = {"csrf_token", "idempotency_key", "typed_by"}


class Kept(NamedTuple):
    """`path` is where the form was sent to, `typed_by` is that of `access.py`, or "" where the form didn't say."""

    path: str
    typed_by: str
    fields: list[tuple[str, str]]
    had_files: bool

    @classmethod
    def read(cls, signed: str) -> Self | None:
        """Return what was kept; None for what we didn't sign."""
        try:
            path, typed_by, fields, had_files = _serializer().loads(signed)
        except BadData:
            return None
        return cls(path, typed_by, [(name, value) for name, value in fields], had_files)

    def signed(self) -> str:
        signed = _serializer().dumps(self)
        return signed if isinstance(signed, str) else signed.decode()

    def organization_for(self, user_id: int) -> int | None:
        """Return where the user typed it, None where the form didn't say; raises SignInError for anybody else."""
        if not self.typed_by:
            return None
        typist, _dash, place = self.typed_by.partition("-")
        if typist != str(user_id):
            raise SignInError(_("Somebody else typed what is kept here. Sign in as them, or sign in without it."))
        organization_id = organization_of(user_id, place)
        if organization_id is None:
            raise SignInError(
                _("You no longer work in the organization in which you typed what is kept here. Sign in without it.")
            )
        return organization_id


def of_request() -> Kept | None:
    """Return what the request sends, if it is a form of ours into which something was typed."""
    request.max_content_length = limit_for(current_app, request.method, request.path)
    try:
        if not would_show_again():
            return None
    except RequestEntityTooLarge:
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if not _is_secret(name)]
    is_typed = any(value.strip() for name, value in fields if name not in NOT_TYPED)
    if not is_typed or sum(len(name) + len(value) for name, value in fields) > MAX_CHARACTERS:
        return None
    had_files = any(upload.filename for upload in request.files.values())
    return Kept(request.full_path.rstrip("?"), request.form.get("typed_by", ""), fields, had_files)


def _is_secret(name: str) -> bool:
    return name.rpartition("-")[2] in PASSWORDS | SECRETS.keys()


def _serializer() -> URLSafeSerializer:
    keys = [*reversed(current_app.config["SECRET_KEY_FALLBACKS"]), current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="crm.accounts.kept")
