"""Parts of the card and the page that features above this one add."""

from __future__ import annotations

from typing import Any, NamedTuple

from crm.customers.models import Customer
from crm.kernel.manifest import catalog


class Part(NamedTuple):
    """A template, and what it shows as `own`."""

    template: str
    own: dict[str, Any]


def parts_of(customer: Customer) -> list[Part]:
    loaded = ((part.template, part.load(customer)) for part in catalog().own_parts)
    return [Part(template, own) for template, own in loaded if own is not None]
