"""Parts of the card and the page that features above this one add."""

from __future__ import annotations

from typing import Any, NamedTuple

from crm.customers.models import Customer
from crm.kernel.manifest import catalog


class Part(NamedTuple):
    """A template, and what it shows as `own`."""

    template: str
    own: dict[str, Any]


def parts_of(customer: Customer, *, on_card: bool = False) -> list[Part]:
    wanted = (part for part in catalog().own_parts if part.on_card or not on_card)
    loaded = ((part.template, part.load(customer)) for part in wanted)
    return [Part(template, own) for template, own in loaded if own is not None]
