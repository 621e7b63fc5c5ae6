"""Activity texts for notices on phones."""

from __future__ import annotations

from crm.values.language import N_

ACTIVITY = {
    "push.allowed": N_("Notices on a phone allowed"),
    "push.stopped": N_("Notices on a phone stopped"),
    "push.ended": N_("Notices on a phone ended: it takes no more"),
}
