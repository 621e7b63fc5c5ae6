"""Schemas of imports."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from crm.api.fields import Timestamp
from crm.api.schemas import Output
from crm.imports import models, queries
from crm.imports.states import ImportState, Mode, Outcome, UndoOutcome, Verdict
from crm.values.stored import shown


def _count(sentence: str) -> fields.Integer:
    return fields.Integer(metadata={"minimum": 0, "description": sentence})


class Undone(Output):
    reversed = _count("Rows that are taken back.")
    kept = _count("Rows that somebody used or changed since.")
    errored = _count("Rows that could not be taken back.")


class _Counts(Output):
    """Rows by verdict until the commit, by outcome from then on; the others are 0."""

    rows = _count("Rows of the file.")
    new = _count("Would add a customer.")
    changed = _count("Would change a customer.")
    duplicate = _count("Are the person of an earlier row.")
    error = _count("Can't be taken in.")
    same = _count("Change nothing.")
    review = _count("Somebody has to look.")
    created = _count("Added a customer.")
    updated = _count("Changed a customer.")
    skipped = _count("Were left out.")
    failed = _count("Could not be taken in.")


class Import(_Counts):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    filename = fields.String()
    state = fields.String(metadata={"enum": [*ImportState]})
    reason = fields.String(metadata={"description": "Why the file was refused."})
    mode = fields.String(metadata={"enum": [*Mode]})
    profile = fields.String(metadata={"description": "The program that wrote the file, where it is known."})
    undo = fields.Nested(Undone)
    created_at = Timestamp()
    finished_at = Timestamp(allow_none=True)

    @ma.pre_dump
    def _counted(self, row: models.Import, **kwargs: Any) -> dict[str, Any]:
        names = ("organization_id", "filename", "state", "mode", "profile", "created_at", "finished_at")
        undo = {outcome.value: row.undone.get(outcome.value, 0) for outcome in UndoOutcome}
        return {name: getattr(row, name) for name in names} | {
            **dict.fromkeys((*Verdict, *Outcome), 0),
            **queries.sums(row),
            "reason": shown(row.reason),
            "undo": undo,
        }
