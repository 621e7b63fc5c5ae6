"""The password of who is signed in, asked for once more before what a thief of their browser may not do."""

from __future__ import annotations

from typing import Any

from flask import request

from crm.accounts import sign_ins, throttle
from crm.accounts.devices import device_of
from crm.accounts.models import User
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _


def check_current(user: User, password: str) -> None:
    """Raise SignInError with a sentence for the field, or ThrottledError."""
    try:
        sign_ins.authenticate(user.username, password, request.remote_addr or "", device_of(user.username))
    except sign_ins.SignInError:
        raise sign_ins.SignInError(_("This is not your current password. Check it, then try again.")) from None


def status_of(error: SentenceError) -> dict[str, Any]:
    """Return the status and headers that answer a refused password."""
    if isinstance(error, throttle.ThrottledError):
        return {"status": 429, "headers": {"Retry-After": str(error.seconds)}}
    return {"status": 422}
