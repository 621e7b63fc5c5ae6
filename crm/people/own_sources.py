"""Sources that the product enters itself, kept in English and shown in the reader's language; others were typed."""

from __future__ import annotations

from crm.values.language import N_
from crm.values.language import gettext as _

MANUAL = "Manual"
BOOKING = "Booking"
REFERRAL = "Referral"
AUTOMATION = "Automation"
OWN_PAGE = "Customer page"
"""What customers do on their own page."""
POINTS_RULES = "Points rules"
"""What the rules of points do, as when points end."""

_NAMES = {
    MANUAL: N_("Manual"),
    BOOKING: N_("Booking"),
    REFERRAL: N_("Referral"),
    AUTOMATION: N_("Automation"),
    "Lead": N_("Lead"),
    "Area": N_("Area"),
    OWN_PAGE: N_("Customer page"),
    POINTS_RULES: N_("Points rules"),
}


def source_shown(source: str) -> str:
    return _(_NAMES[source]) if source in _NAMES else source


def source_typed(text: str) -> str:
    """Return what is kept of a source that was typed, or shown in a form and left alone."""
    typed = text.strip().casefold()
    return next((kept for kept in _NAMES if typed == source_shown(kept).casefold()), text)
