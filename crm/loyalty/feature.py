from __future__ import annotations

from crm.kernel.manifest import Feature, Panel
from crm.kernel.roles import STAFF, VIEWER
from crm.loyalty import activity, api, cli, merge, queries, routes

feature = Feature(
    name="loyalty",
    blueprints=(routes.bp,),
    api=(api.bp,),
    commands=(cli.loyalty,),
    panels=(Panel("points", "Points", "loyalty/_panel.html", queries.panel_data, 30, queries.count_in_words),),
    activity=activity.ACTIVITY,
    customer_rows={"points_entries": ("points entry", "points entries")},
    listeners=(merge,),
    roles={
        "index": VIEWER,
        "new": STAFF,
        "reverse": STAFF,
        "api_points.update_points": STAFF,
        "api_points.points": VIEWER,
    },
)
