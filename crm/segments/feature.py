"""The segments feature."""

from __future__ import annotations

from crm.kernel.manifest import Feature, MenuLink, Search
from crm.kernel.roles import STAFF, VIEWER
from crm.segments import api, data, hits, routes
from crm.values.language import N_

feature = Feature(
    name="segments",
    data=data.DATA,
    blueprints=(routes.bp,),
    api=(api.bp,),
    menu=(MenuLink("segments.index", N_("Segments"), 26),),
    searches=(Search("segments.show", N_("Segments"), 45, "people", hits.find),),
    roles={
        "index": VIEWER,
        "new": STAFF,
        "create": STAFF,
        "show": VIEWER,
        "edit": STAFF,
        "delete": STAFF,
        "api_segments.index": VIEWER,
        "api_segments.create": STAFF,
        "api_segments.show": VIEWER,
        "api_segments.change": STAFF,
        "api_segments.delete": STAFF,
    },
)
