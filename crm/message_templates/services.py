"""What is done with templates: each function is one intent of a user and one transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.kernel.db import locked, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.message_templates.models import Template
from crm.message_templates.queries import key_of, template_called
from crm.values import clock
from crm.values.language import gettext as _


class TemplateNameTakenError(SentenceError):
    """Another template has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(_("There is already a template called %(name)s in this language.", name=name))


def add_template(values: dict[str, Any], key: RequestKey | None = None) -> int:
    """Add a template and return its id; raises TemplateNameTakenError, and KeyReusedError."""
    with transaction():
        once = Once(key)
        if once.earlier is not None:
            return once.found(Template).id
        template = Template(**values, name_key=key_of(values["name"]))
        _save(template)
        record("template.added", template, changes={field: [None, value] for field, value in values.items()})
        once.made(template.id)
        return template.id


def change_template(template_id: int, values: dict[str, Any]) -> None:
    """Change a template, and nothing that is scheduled; raises TemplateNameTakenError."""
    with transaction():
        template = _get_locked(template_id)
        if template.deleted_at is not None:
            raise ConflictError(_("%(name)s has been deleted in the meantime.", name=template.name))
        for field, value in values.items():
            setattr(template, field, value)
        template.name_key = key_of(template.name)
        changes = changes_of(template)
        if changes:
            _save(template)
            record("template.changed", template, changes=changes)


def delete_template(template_id: int) -> str:
    """Delete a template, which changes nothing that is scheduled; return its name."""
    with transaction():
        template = _get_locked(template_id)
        if template.deleted_at is None:
            template.deleted_at = clock.utcnow()
            record("template.deleted", template)
        return template.name


def undelete_template(template_id: int) -> str:
    """Bring a deleted template back and return its name; ConflictError when its name was given to another."""
    with transaction():
        template = _get_locked(template_id)
        if template.deleted_at is not None:
            template.deleted_at = None
            try:
                _save(template)
            except TemplateNameTakenError as error:
                raise ConflictError(str(error)) from None
            record("template.undeleted", template)
        return template.name


def _get_locked(template_id: int) -> Template:
    return db.session.scalars(locked(sa.select(Template).where(Template.id == template_id))).one()


def _save(template: Template) -> None:
    """Write the row; the unique index decides about the name, also between two requests at once."""
    name, id_, language = template.name, template.id, template.language or ""
    with db.session.no_autoflush:
        other = template_called(name, language)
    if other is not None and other.id != id_:
        raise TemplateNameTakenError(other.name)
    try:
        with db.session.begin_nested():
            db.session.add(template)
    except IntegrityError:
        raise TemplateNameTakenError(name) from None
