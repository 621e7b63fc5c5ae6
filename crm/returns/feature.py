"""Mail that came back."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job

feature = Feature(name="returns", jobs=(Job(60, "crm.returns.jobs:read_mailboxes"),))
