from __future__ import annotations

from crm.kernel.manifest import Feature
from crm.kernel.roles import VIEWER
from crm.palette import routes

feature = Feature(name="palette", blueprints=(routes.bp,), roles={"index": VIEWER, "keys": VIEWER})
