from __future__ import annotations

from marshmallow import fields, validate

from crm.api.schemas import Input, Output


class Credentials(Input):
    username = fields.String(required=True, metadata={"maxLength": 1_000}, validate=validate.Length(max=1_000))
    password = fields.String(required=True, metadata={"maxLength": 1_000}, validate=validate.Length(max=1_000))


class RefreshToken(Input):
    refresh = fields.String(required=True, validate=validate.Length(max=4_000))


class Tokens(Output):
    access = fields.String()
    refresh = fields.String()
