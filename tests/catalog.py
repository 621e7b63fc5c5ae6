"""What the manifests of the product declare."""

from __future__ import annotations

from crm.features import FEATURES
from crm.kernel.manifest import Catalog
from crm.kernel.roles import Door

CATALOG = Catalog(FEATURES)
PUBLIC = CATALOG.behind(Door.PUBLIC)
SIGNED_IN = CATALOG.behind(Door.SIGNED_IN, Door.NOWHERE)
ROLES = CATALOG.roles
