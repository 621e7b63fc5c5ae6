from __future__ import annotations

from marshmallow import fields

from crm.api.fields import RequiredLine, Timestamp
from crm.api.schemas import Input, Output


class BranchInput(Input):
    name = RequiredLine(200, "Enter the branch's name.", required=True)


class Branch(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    created_at = Timestamp()
