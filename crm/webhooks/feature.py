"""What providers call."""

from __future__ import annotations

from crm.kernel.manifest import Feature
from crm.webhooks import data, routes

feature = Feature(name="webhooks", blueprints=(routes.bp,), roles=routes.Doors(), data=data.DATA)
