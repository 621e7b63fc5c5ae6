"""What the columns of letters to users hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {
    "user_letters": Rows(left_out="sent by this installation", plain="address subject sealed reason"),
    "password_requests": Rows(left_out="answered by the worker at once", plain="sealed"),
    "user_links": Rows(left_out="a link is good for a day", plain="token_hash address"),
}
