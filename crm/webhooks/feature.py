"""What providers call."""

from __future__ import annotations

from crm.kernel.manifest import Feature
from crm.kernel.roles import PUBLIC
from crm.webhooks import routes

feature = Feature(
    name="webhooks",
    blueprints=(routes.bp,),
    roles={
        "whatsapp": PUBLIC,
        "twilio_inbound": PUBLIC,
        "whatsapp_subscription": PUBLIC,
        "twilio_status": PUBLIC,
        "twilio_test": PUBLIC,
    },
)
