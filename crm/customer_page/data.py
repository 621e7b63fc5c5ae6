"""What the columns of links, sessions, cards, codes and wishes hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Erasure, Rows

DATA = {
    "customer_links": Rows(
        left_out="who has a link from before a restore asks for a new one",
        erasure=Erasure.DELETE,
        plain="token_hash",
        points_to={"customer_id": "customers", "created_by_id": USERS, "revoked_by_id": USERS},
    ),
    "customer_sessions": Rows(
        left_out="of a browser",
        erasure=Erasure.DELETE,
        plain="token_hash",
        points_to={"link_id": "customer_links"},
    ),
    "customer_cards": Rows(erasure=Erasure.DELETE, plain="code", points_to={"customer_id": "customers"}),
    "customer_codes": Rows(
        left_out="good for ten minutes",
        erasure=Erasure.DELETE,
        plain="code_hash",
        points_to={"session_id": "customer_sessions"},
    ),
    "erasure_requests": Rows(erasure=Erasure.DELETE, points_to={"customer_id": "customers", "done_by_id": USERS}),
}
