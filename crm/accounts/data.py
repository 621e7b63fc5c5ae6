"""What the columns of organizations, users and sign-ins hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Rows

DATA = {
    "organizations": Rows(
        plain="slug name time_zone currency phone_region locale sms_gateway whatsapp_gateway sms_from whatsapp_from"
        " twilio_account secrets_stamp language uses first_hour",
        dropped={"twilio_account": "", "secrets_stamp": ""},
    ),
    "branches": Rows(plain="name"),
    "users": Rows(plain="username name password_hash language", dropped={"password_hash": ""}),
    "memberships": Rows(plain="role", points_to={"user_id": USERS, "branch_id": "branches"}),
    "invitations": Rows(left_out="a link is good for a week", plain="token_hash name email role"),
    "sign_ins": Rows(left_out="of a browser", plain="token_hash"),
    "sign_in_failures": Rows(left_out="of the installation", plain="account address"),
    "token_families": Rows(left_out="of a client of the API", plain="refresh_hash"),
}
