"""What the columns of web push hold."""

from __future__ import annotations

from crm.kernel.data import Erasure, Rows

DATA = {
    "push_subscriptions": Rows(
        left_out="of browsers and of the installation's keys; customers allow notices again",
        erasure=Erasure.DELETE,
        plain="endpoint_hash keys",
        personal="endpoint p256dh auth",
    ),
    "push_notices": Rows(
        left_out="on their way to browsers that no backup has",
        erasure=Erasure.DELETE,
        plain="url language topic once",
        personal="title body",
    ),
}
