"""Messages, their states and what is told of them."""

from __future__ import annotations

from crm.kernel.manifest import Feature
from crm.messages import activity, cli

feature = Feature(
    name="messages",
    commands=(cli.messages,),
    activity=activity.WORDS,
    customer_rows={"messages": ("message", "messages")},
)
