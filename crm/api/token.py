"""Tokens: sign-in and refresh."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from marshmallow import fields, validate
from werkzeug.exceptions import TooManyRequests

from crm.accounts import sign_ins, throttle, tokens
from crm.accounts.access import unauthorized
from crm.api.resource import Resource
from crm.api.schemas import Input, Output
from crm.values.text import clean_line

bp = Resource("token", "Tokens", 10, once=False)


class Credentials(Input):
    username = fields.String(required=True, metadata={"maxLength": 1_000}, validate=validate.Length(max=1_000))
    password = fields.String(required=True, metadata={"maxLength": 1_000}, validate=validate.Length(max=1_000))


class RefreshToken(Input):
    refresh = fields.String(required=True, validate=validate.Length(max=4_000))


class Tokens(Output):
    access = fields.String()
    refresh = fields.String()


@bp.post("/token/")
@bp.arguments(Credentials)
@bp.response(200, Tokens)
def issue(given: dict[str, Any]) -> tokens.TokenPair:
    """Sign in.

    The access token is good for 15 minutes and for one organization: the one that `X-Tenant-ID` names, or the first
    that the user joined. Failed attempts are counted together with those on the sign-in page.
    """
    asked = request.headers.get("X-Tenant-ID", "").strip()
    try:
        user_id = sign_ins.authenticate(clean_line(given["username"]), given["password"], request.remote_addr or "")
        organization_id = sign_ins.organization_of(user_id, asked)
    except throttle.ThrottledError as error:
        raise TooManyRequests(str(error), retry_after=error.seconds) from None
    except sign_ins.SignInError as error:
        raise unauthorized(str(error)) from None
    if organization_id is None:
        abort(400, "Tenant not found")
    return tokens.issue(user_id, organization_id)


@bp.post("/token/refresh/")
@bp.arguments(RefreshToken)
@bp.response(200, Tokens)
def refresh(given: dict[str, Any]) -> tokens.TokenPair:
    """Get the next two tokens.

    A refresh token is good once: the answer has the next one. When an old one is used again, all of its family end,
    and so do they when the password changes or the user no longer works in the organization.
    """
    try:
        return tokens.refresh(given["refresh"])
    except tokens.TokenError as error:
        raise unauthorized(str(error)) from None
