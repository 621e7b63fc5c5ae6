"""Organizations, branches, users and sign-in."""

from __future__ import annotations

from crm.accounts import cli, data, routes
from crm.kernel.manifest import Feature, MenuLink, PageAction
from crm.kernel.roles import MANAGER, NOWHERE, OWNER, PUBLIC, SIGNED_IN
from crm.values.language import N_

feature = Feature(
    name="accounts",
    data=data.DATA,
    blueprints=(routes.bp,),
    keys={"accounts.organization": "s"},
    actions=(
        PageAction("accounts.new_user", N_("Invite user"), 60, "person-plus"),
        PageAction("accounts.logout", N_("Sign out"), 90, "box-arrow-right", is_post=True),
    ),
    commands=(cli.org, cli.user),
    menu=(
        MenuLink("accounts.preferences", N_("Preferences"), 80),
        MenuLink("accounts.password", N_("Change password"), 90),
        MenuLink("accounts.leave", N_("Leave organization"), 91),
    ),
    settings=(
        MenuLink("accounts.organization", N_("Organization"), 10),
        MenuLink("accounts.branches", N_("Branches"), 20),
        MenuLink("accounts.users", N_("Users"), 30),
    ),
    roles={
        "organization": OWNER,
        "users": OWNER,
        "new_user": OWNER,
        "invite": OWNER,
        "revoke_invitation": OWNER,
        "edit_user": OWNER,
        "reset_password": OWNER,
        "disable_user": OWNER,
        "enable_user": OWNER,
        "branches": MANAGER,
        "new_branch": MANAGER,
        "add_branch": MANAGER,
        "edit_branch": MANAGER,
        "confirm_delete_branch": MANAGER,
        "delete_branch": MANAGER,
        "invitation": PUBLIC,
        "login": PUBLIC,
        "open_setup": PUBLIC,
        "start": PUBLIC,
        "accept_invitation": PUBLIC,
        "set_up": PUBLIC,
        "setup": PUBLIC,
        "password": SIGNED_IN,
        "preferences": SIGNED_IN,
        "leave": SIGNED_IN,
        "logout": NOWHERE,
        "switch": NOWHERE,
        "organizations": NOWHERE,
    },
)
