"""Tokens: who gets them, what they are good for, and what ends them."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts import members, tokens
from crm.accounts.models import Membership, TokenFamily
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.values import clock
from tests.factories import PASSWORD, Cast, join, make_customer, make_organization

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sign_in(
    client: FlaskClient, username: str = "staff", password: str = PASSWORD, headers: dict[str, str] | None = None
) -> TestResponse:
    return client.post("/api/token/", json={"username": username, "password": password}, headers=headers)


def listing(client: FlaskClient, access: str, **headers: str) -> TestResponse:
    return client.get("/api/customers/", headers={"Authorization": f"Bearer {access}", **headers})


def problem(response: TestResponse) -> tuple[int, str]:
    assert response.mimetype == "application/problem+json"
    said = response.json
    assert isinstance(said, dict)
    assert said["status"] == response.status_code
    assert said["error"] == said["detail"]
    return response.status_code, said["error"]


def test_a_user_name_and_a_password_give_two_tokens(client: FlaskClient, cast: Cast) -> None:
    response = sign_in(client)
    assert response.status_code == 200
    assert set(response.json or {}) == {"access", "refresh"}
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    claims = jwt.decode(response.json["access"], options={"verify_signature": False})  # type: ignore[index]
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert listing(client, response.json["access"]).status_code == 200  # type: ignore[index]


def test_a_wrong_password_gives_none(client: FlaskClient, cast: Cast) -> None:
    for username, password in (("staff", "three green pears"), ("nobody", PASSWORD), ("\0", "\0"), ("", "")):
        response = sign_in(client, username, password)
        assert problem(response)[0] == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_throttle_is_shared_with_the_page(client: FlaskClient, cast: Cast) -> None:
    for _ in range(5):
        assert sign_in(client, password="three green pears").status_code == 401
        fields = {"username": "staff", "password": "three green pears"}
        assert client.post("/login", data=fields).status_code == 422
    response = sign_in(client)
    assert problem(response)[0] == 429
    assert 0 < int(response.headers["Retry-After"]) <= 300


def test_a_refresh_token_is_good_once_and_its_second_use_ends_all(client: FlaskClient, cast: Cast) -> None:
    first: Any = sign_in(client).json
    second = client.post("/api/token/refresh/", json={"refresh": first["refresh"]})
    assert second.status_code == 200
    next_: Any = second.json
    assert listing(client, next_["access"]).status_code == 200

    assert problem(client.post("/api/token/refresh/", json={"refresh": first["refresh"]}))[0] == 401
    assert problem(client.post("/api/token/refresh/", json={"refresh": next_["refresh"]}))[0] == 401
    assert problem(listing(client, next_["access"]))[0] == 401


def test_others_families_go_on(client: FlaskClient, cast: Cast) -> None:
    first: Any = sign_in(client).json
    other: Any = sign_in(client).json
    for _ in range(2):
        client.post("/api/token/refresh/", json={"refresh": first["refresh"]})
    assert listing(client, other["access"]).status_code == 200


def test_only_the_hash_of_a_refresh_token_is_kept(app: Flask, client: FlaskClient, cast: Cast) -> None:
    refresh = sign_in(client).json["refresh"]  # type: ignore[index]
    once = jwt.decode(refresh, options={"verify_signature": False})["jti"]
    with app.app_context():
        kept = db.session.scalars(sa.select(TokenFamily.refresh_hash)).one()
    assert once not in kept
    assert refresh not in kept


@pytest.mark.parametrize("change", ["own password", "reset", "disabled", "membership gone"])
def test_it_ends_with_what_let_the_user_in(app: Flask, client: FlaskClient, cast: Cast, change: str) -> None:
    pair: Any = sign_in(client).json
    with cast.owner.acting():
        if change == "own password":
            members.change_own_password(cast.staff.user_id, "three grey apples")
        elif change == "reset":
            members.reset_password(cast.staff.membership_id, "three grey apples")
        elif change == "disabled":
            members.disable(cast.staff.membership_id)
        else:
            with transaction() as session:
                session.execute(sa.delete(Membership).where(Membership.id == cast.staff.membership_id))
    assert problem(listing(client, pair["access"]))[0] == 401
    assert problem(client.post("/api/token/refresh/", json={"refresh": pair["refresh"]}))[0] == 401


def test_another_role_bites_at_the_next_request(client: FlaskClient, cast: Cast) -> None:
    access = sign_in(client).json["access"]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {access}"}
    assert client.post("/api/customers/", json={"name": "One"}, headers=headers).status_code == 201
    with cast.owner.acting():
        members.change(cast.staff.membership_id, members.Details(Role.VIEWER))
    assert problem(client.post("/api/customers/", json={"name": "Two"}, headers=headers))[0] == 403
    assert listing(client, access).status_code == 200


def _forged(claims: dict[str, Any], header: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(claims)}."


def test_no_other_token_lets_anybody_in(app: Flask, client: FlaskClient, cast: Cast) -> None:
    pair: Any = sign_in(client).json
    claims = jwt.decode(pair["access"], options={"verify_signature": False})
    head, body, signature = pair["access"].split(".")
    with app.app_context():
        key = tokens._keys("access")[0]
    late = {**claims, "exp": claims["iat"] - 1}
    bad = {
        "nothing": "",
        "rubbish": "rubbish",
        "no ASCII": "é.é.é",
        "no signature": _forged(claims, {"alg": "none", "typ": "JWT"}),
        "another algorithm": jwt.encode(claims, key, "HS512"),
        "another key": jwt.encode(claims, b"0" * 32, "HS256"),
        "the key of the sessions": jwt.encode(claims, app.config["SECRET_KEY"], "HS256"),
        "tampered": f"{head}.{body[:-2]}AA.{signature}",
        "expired": jwt.encode(late, key, "HS256"),
        "without an end": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key, "HS256"),
        "without a family": jwt.encode({k: v for k, v in claims.items() if k != "family"}, key, "HS256"),
        "of a family that is none": jwt.encode({**claims, "family": 999_999}, key, "HS256"),
        "of a family without sense": jwt.encode({**claims, "family": {"a": [1]}}, key, "HS256"),
        "of a huge family": jwt.encode({**claims, "family": 10**30}, key, "HS256"),
        "for another use": pair["refresh"],
    }
    for name, token in bad.items():
        response = client.get(
            "/api/customers/", headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")}
        )
        assert problem(response)[0] == 401, name
        assert response.headers["WWW-Authenticate"].startswith("Bearer"), name
        refused = client.post("/api/token/refresh/", json={"refresh": token if name != "for another use" else head})
        assert problem(refused)[0] == 401, name
    assert listing(client, pair["access"]).status_code == 200
    basic = base64.b64encode(f"staff:{PASSWORD}".encode()).decode()
    assert client.get("/api/customers/", headers={"Authorization": f"Basic {basic}"}).status_code == 401


def test_a_token_outlives_a_change_of_the_secret_key_that_names_the_old_one(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    access = sign_in(client).json["access"]  # type: ignore[index]
    old, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "another key that is long enough 123"
    assert listing(client, access).status_code == 401
    app.config["SECRET_KEY_FALLBACKS"] = [old]
    assert listing(client, access).status_code == 200


def test_a_family_ends_after_thirty_days(app: Flask, client: FlaskClient, cast: Cast) -> None:
    pair: Any = sign_in(client).json
    with app.app_context(), transaction() as session:
        session.execute(sa.update(TokenFamily).values(expires_at=clock.utcnow() - dt.timedelta(seconds=1)))
    assert listing(client, pair["access"]).status_code == 401
    assert client.post("/api/token/refresh/", json={"refresh": pair["refresh"]}).status_code == 401


def test_x_tenant_id_chooses_the_organization_of_a_token(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        other = make_organization("other")
        join(cast.staff.user_id, other, Role.STAFF)
    with cast.staff.acting():
        make_customer(name="In the shop")
    for chosen, count, others in (
        ("", 1, "other"),
        ("shop", 1, str(other)),
        (str(other), 0, "shop"),
        ("other", 0, "shop"),
    ):
        access = sign_in(client, headers={"X-Tenant-ID": chosen} if chosen else {}).json["access"]  # type: ignore[index]
        own = chosen or str(cast.staff.organization_id)
        for headers in ({}, {"X-Tenant-ID": own}):
            assert listing(client, access, **headers).json["count"] == count  # type: ignore[index]
        assert problem(listing(client, access, **{"X-Tenant-ID": others})) == (400, "Tenant not found"), chosen
    access = sign_in(client).json["access"]  # type: ignore[index]
    for asked in (str(cast.stranger.organization_id), "rival", "999", "0", "-1", "9" * 40, "1 2", "'", "\u0661"):
        headers = {"X-Tenant-ID": asked.encode().decode("latin-1")}
        assert problem(listing(client, access, **headers)) == (400, "Tenant not found"), asked
        assert problem(sign_in(client, headers=headers)) == (400, "Tenant not found"), asked
        assert problem(sign_in(client, password="three green pears", headers=headers))[0] == 401, asked


@pytest.mark.parametrize("how", ["disabled", "left"])
def test_a_token_never_acts_in_another_organization(app: Flask, client: FlaskClient, cast: Cast, how: str) -> None:
    """Else a till would write its customers wherever its user works besides."""
    with app.app_context():
        other = make_organization("other")
        join(cast.staff.user_id, other, Role.STAFF)
    pair: Any = sign_in(client).json
    theirs: Any = sign_in(client, headers={"X-Tenant-ID": "other"}).json
    if how == "disabled":
        with cast.owner.acting():
            members.disable(cast.staff.membership_id)
    else:
        assert cast.staff.client().post("/account/leave").status_code == 303
    bearer = {"Authorization": f"Bearer {pair['access']}"}
    for headers in ({}, {"X-Tenant-ID": "shop"}, {"X-Tenant-ID": "other"}):
        assert problem(listing(client, pair["access"], **headers))[0] == 401
        answer = client.post("/api/customers/", json={"name": "Sari"}, headers={**bearer, **headers})
        assert problem(answer)[0] == 401
    assert problem(client.post("/api/token/refresh/", json={"refresh": pair["refresh"]}))[0] == 401
    assert listing(client, theirs["access"]).json["count"] == 0  # type: ignore[index]
    assert client.post("/api/token/refresh/", json={"refresh": theirs["refresh"]}).status_code == 200
    with cast.owner.acting():
        if how == "disabled":
            members.enable(cast.staff.membership_id)
    assert problem(listing(client, pair["access"]))[0] == 401, "what has ended does not come back"
    assert listing(client, sign_in(client, headers={"X-Tenant-ID": "other"}).json["access"]).status_code == 200  # type: ignore[index]
