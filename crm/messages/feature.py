"""Messages, their states and what is told of them."""

from __future__ import annotations

from crm.kernel.manifest import Feature
from crm.kernel.roles import STAFF, VIEWER
from crm.messages import activity, api, cli, data, exports
from crm.values.language import ngettext

feature = Feature(
    name="messages",
    data=data.DATA,
    api=(api.bp,),
    commands=(cli.messages,),
    activity=activity.ACTIVITY,
    exports=(exports.EXPORT,),
    customer_rows={"messages": lambda n, num: ngettext("%(num)s message", "%(num)s messages", n, num=num)},
    roles={
        "api_messages.index": VIEWER,
        "api_messages.create": STAFF,
        "api_messages.show": VIEWER,
        "api_messages.change": STAFF,
        "api_messages.cancel": STAFF,
    },
)
