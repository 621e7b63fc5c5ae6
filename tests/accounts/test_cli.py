from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from crm.accounts import branches
from crm.accounts.models import Membership, User
from crm.kernel.extensions import db
from tests.factories import PASSWORD, Cast

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(app: Flask, *arguments: str, given: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), input=given)


def works(app: Flask, username: str, password: str) -> bool:
    return app.test_client().post("/login", data={"username": username, "password": password}).status_code == 303


def test_an_installation_is_set_up_by_commands_alone(app: Flask) -> None:
    assert run(app, "org", "create", "toko", "--name", "Toko Sari").exit_code == 0
    changed = run(app, "org", "set", "toko", "time_zone=Asia/Jakarta", "currency=IDR", "quiet_from=21:00")
    assert changed.exit_code == 0
    made = run(
        app,
        "user",
        "create",
        "ayu",
        "--organization",
        "toko",
        "--role",
        "owner",
        "--password-stdin",
        given=f"{PASSWORD}\n",
    )
    assert made.exit_code == 0
    assert PASSWORD not in made.output
    assert works(app, "ayu", PASSWORD)
    listed = json.loads(run(app, "org", "list", "--json").output)
    assert listed == [
        {
            "id": listed[0]["id"],
            "slug": "toko",
            "name": "Toko Sari",
            "time_zone": "Asia/Jakarta",
            "currency": "IDR",
            "phone_region": "US",
            "locale": "en",
            "language": "auto",
            "trade": "travel",
            "uses": "",
            "quiet_from": "21:00",
            "quiet_until": None,
            "sms_gateway": "manual",
            "whatsapp_gateway": "manual",
            "email_gateway": "manual",
            "sms_from": "",
            "whatsapp_from": "",
            "email_from": "",
            "email_reply_to": "",
            "branch_bound": False,
            "sending_paused": False,
            "cap_day": 1,
            "cap_month": 4,
            "soft_opt_in": False,
            "whatsapp_limit": 250,
            "warm_up": False,
            "earn_points": 0,
            "earn_per": "0.00",
        }
    ]


def test_a_password_is_made_and_printed_when_none_is_given(app: Flask, cast: Cast) -> None:
    made = run(app, "user", "create", "citra", "--organization", "shop", "--role", "staff")
    assert works(app, "citra", made.output.split("Password: ")[1].strip())
    reset = run(app, "user", "reset-password", "CITRA")
    assert works(app, "citra", reset.output.split("Password: ")[1].strip())


def test_a_reset_password_ends_the_sign_ins(app: Flask, cast: Cast) -> None:
    client = cast.staff.client()
    assert run(app, "user", "reset-password", "staff", "--password-stdin", given="three grey apples\n").exit_code == 0
    assert client.get("/account/password").status_code == 303
    assert works(app, "staff", "three grey apples")


def test_who_is_there_already_joins_with_their_password(app: Flask, cast: Cast) -> None:
    joined = run(app, "user", "create", "stranger", "--organization", "shop", "--role", "viewer")
    assert joined.exit_code == 0
    assert "the password stays as it is" in joined.output
    assert "Password:" not in joined.output
    assert works(app, "stranger", PASSWORD)


def test_a_user_is_tied_to_a_branch(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        branch_id = branches.add("Kemang")
    done = run(app, "user", "create", "citra", "--organization", "shop", "--role", "staff", "--branch", "kemang")
    assert done.exit_code == 0
    with app.app_context():
        joined = sa.select(Membership.branch_id).join(User).where(User.username == "citra")
        assert db.session.scalar(joined) == branch_id


REFUSED = {
    "a slug that is taken": (["org", "create", "shop", "--name", "Shop"], "There is an organization shop already."),
    "a slug that is none": (["org", "create", "The Shop", "--name", "Shop"], "lower-case letters"),
    "an empty name": (["org", "create", "new", "--name", " "], "Enter a name"),
    "no such organization": (["org", "set", "nowhere", "name=x"], "There is no organization nowhere."),
    "no such setting": (["org", "set", "shop", "colour=red"], "There is no setting colour."),
    "a setting without value": (["org", "set", "shop", "name"], "as KEY=VALUE"),
    "a wrong value": (["org", "set", "shop", "time_zone=Mars"], "There is no time zone 'Mars'."),
    "a zone of no place": (["org", "set", "shop", "time_zone=Factory"], "time zone"),
    "a gateway that is not there": (["org", "set", "shop", "sms_gateway=pigeon"], "There is no gateway “pigeon”."),
    "a member already": (
        ["user", "create", "staff", "--organization", "shop", "--role", "staff"],
        "is a user of this organization already.",
    ),
    "no such branch": (
        ["user", "create", "citra", "--organization", "shop", "--role", "staff", "--branch", "Nowhere"],
        "There is no branch Nowhere.",
    ),
    "no such role": (["user", "create", "citra", "--organization", "shop", "--role", "king"], "king"),
    "a name with spaces": (["user", "create", "a b", "--organization", "shop", "--role", "staff"], "without spaces"),
    "no such user": (["user", "reset-password", "nobody"], "There is no user nobody."),
    "a weak password": (["user", "reset-password", "staff", "--password-stdin"], "at least 10"),
}


@one_database
@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED)
def test_it_refuses_with_a_sentence_and_a_failing_exit(
    app: Flask, cast: Cast, arguments: list[str], words: str
) -> None:
    result = run(app, *arguments, given="short\n")
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output
    listed = json.loads(run(app, "org", "list", "--json").output)
    assert [row["slug"] for row in listed] == ["shop", "rival"]


@one_database
def test_a_password_made_from_the_organizations_name_is_refused(app: Flask, cast: Cast) -> None:
    for given in ("Shop-20261128\n", "5h0p!1234567\n", "staff.20261128\n"):
        result = run(app, "user", "reset-password", "staff", "--password-stdin", given=given)
        assert (result.exit_code, "or your organization's" in result.output) == (1, True), given
    created = ("user", "create", "citra", "--organization", "rival", "--role", "staff", "--password-stdin")
    assert run(app, *created, given="rival-2026-11\n").exit_code == 1
    assert run(app, *created, given="shop-lantern-harbor\n").exit_code == 0


def test_one_wrong_setting_changes_none(app: Flask, cast: Cast) -> None:
    assert run(app, "org", "set", "shop", "name=Renamed", "currency=NOPE").exit_code != 0
    assert json.loads(run(app, "org", "list", "--json").output)[0]["name"] == "Shop"
    assert "Shop" in run(app, "org", "list").output


@one_database
@pytest.mark.parametrize("command", [["org"], ["org", "create"], ["org", "set"], ["user", "create"]])
def test_every_command_explains_itself(app: Flask, command: list[str]) -> None:
    assert run(app, *command, "--help").exit_code == 0
