"""How groups of buyers are called."""

from __future__ import annotations

from crm.analytics.rfm import Group
from crm.values.language import N_

GROUPS = {
    Group.CHAMPIONS: N_("Champions"),
    Group.LOYAL: N_("Loyal"),
    Group.ACTIVE: N_("Active buyers"),
    Group.NEW: N_("New"),
    Group.PROMISING: N_("Promising"),
    Group.NEEDS_ATTENTION: N_("Needs attention"),
    Group.AT_RISK: N_("At risk"),
    Group.PREVIOUSLY_LOYAL: N_("Previously loyal"),
    Group.ALMOST_LOST: N_("Almost lost"),
    Group.DORMANT: N_("Dormant"),
    Group.PROSPECTS: N_("Never bought"),
}
"""The best first."""
