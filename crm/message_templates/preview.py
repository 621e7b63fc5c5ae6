"""What a real customer would get of a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.message_templates.queries import values_of
from crm.message_templates.rules import fill, parameters_problem, parse, problem
from crm.messages.channels.base import Channel
from crm.messages.channels.segments import Segments, ucs2_note
from crm.values.language import gettext as _


@dataclass(frozen=True)
class TemplatePreview:
    """A template filled for a customer, or why not; `parts` for channels that split texts."""

    customer: Customer | None
    text: str
    parameters: list[str]
    parts: Segments | None
    parts_note: str
    notes: list[str]
    subject: str = ""

    @classmethod
    def of(
        cls,
        customer: Customer | None,
        organization: Organization,
        channel: Channel,
        body: str,
        parameters: Sequence[str] = (),
        missing: str = "",
        language: str = "",
        subject: str = "",
    ) -> TemplatePreview:
        """Fill the valid parts; `missing` is a search without a match."""
        notes = [_("Nobody matches “%(search)s”.", search=missing)] if missing else []
        if customer is None:
            return cls(None, "", [], None, "", [*notes, _("Add a customer to see the text filled in.")])
        wrong = problem(subject) or problem(body, channel.max_length) or parameters_problem(list(parameters))
        if wrong:
            return cls(customer, "", [], None, "", [*notes, wrong])
        values = values_of(customer, organization, language)
        pieces = parse(body)
        if customer.branch is None and any(piece == ("branch", True) for piece in pieces):
            no_branch = _(
                "%(name)s has no branch, so {branch} is %(other)s.", name=customer.name, other=organization.name
            )
            notes.append(no_branch)
        text = fill(pieces, values)
        parts = channel.parts(text) if text else None
        filled = [fill(parse(source), values) for source in parameters]
        return cls(customer, text, filled, parts, ucs2_note(text) if parts else "", notes, fill(parse(subject), values))
