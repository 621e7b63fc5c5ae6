"""A new channel is a module, a new provider a folder: nothing else knows any of them by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm import create_app
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels import registry as channels
from crm.messages.rules import Status
from crm.messages.suppression_models import Suppression
from crm.providers import registry as providers
from crm.web import memo
from tests.messages import pigeon
from tests.messages.pigeon import PIGEON, PigeonPost
from tests.messages.shop import Shop
from tests.servers import ROOT
from tests.test_architecture import imports, modules

MESSAGING, OPT_OUTS = "/settings/messaging", "/settings/opt-outs"


@pytest.fixture
def app(post: PigeonPost, environ: dict[str, str], tmp_path: Path) -> Iterator[Flask]:
    """An application of this test's own, made once the channel is registered."""
    memo._memory.clear()  # pieces of another test's pages look like this one's
    made = create_app(environ, tmp_path / "instance")
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def post() -> Iterator[PigeonPost]:
    """The pigeon channel and its provider."""
    provider = pigeon.post()
    channels.register(PIGEON)
    providers.register(provider)
    yield cast(PigeonPost, provider.gateway)
    providers.unregister(provider)
    channels.unregister(PIGEON)


def schedule(owner: FlaskClient, customer: int, text: str, channel: str = "pigeon", in_days: str = "0") -> int:
    form = {"channel": channel, "body": text, "in_days": in_days}
    return owner.post(f"/customers/{customer}/messages/new", data=form).status_code


def home(owner: FlaskClient, text: str, id_: str = "1", ring: str = "ABCD", loft: str = "loft 7") -> int:
    headers = {"X-Ring": ring}
    return owner.post(
        "/webhooks/pigeon/home", json={"id": id_, "from": loft, "text": text}, headers=headers
    ).status_code


def test_a_third_channel_touches_no_existing_module(post: PigeonPost, shop: Shop, owner: FlaskClient) -> None:
    sari, budi = shop.customer(notes="loft 7"), shop.customer("Budi", "")
    # Its account's form.
    assert "Enter the Ring below." in owner.get(MESSAGING).text
    assert "A ring has four letters." in owner.post(MESSAGING, data={"pigeon_ring": "abc"}).text
    assert owner.post(MESSAGING, data={"pigeon_ring": "ABCD"}).status_code == 303
    assert "/webhooks/pigeon/home" in owner.get(MESSAGING).text

    # The form of a message, and the way out.
    assert 'value="pigeon"' in owner.get(f"/customers/{sari}/messages/new").text
    assert schedule(owner, sari, "x" * 61) == 422
    assert (
        "Budi has no loft"
        in owner.post(f"/customers/{budi}/messages/new", data={"channel": "pigeon", "body": "Coo", "in_days": "0"}).text
    )
    assert schedule(owner, sari, "Your corn is here.") == 303
    shop.work()
    assert post.flown == [("loft 7", "Your corn is here.", "ABCD")]
    page = owner.get(f"/customers/{sari}").text
    assert "Pigeon ·" in page
    assert "Pigeon post: Accepted" in page
    assert "Your corn is here." in owner.get("/messages?channel=pigeon").text

    # The way in: who opts out of it gets no more of it, and all else.
    assert schedule(owner, sari, "Later", in_days="3") == 303
    assert home(owner, "STOP", ring="EFGH") == 403
    assert home(owner, "Coo?") == 204
    assert "Coo?" in owner.get("/inbox").text
    assert home(owner, "STOP", "2") == 204
    with shop.inside():
        found = db.session.scalars(sa.select(Suppression)).one()
        assert (found.kind, found.address) == ("loft", "loft 7")
    stopped = owner.get("/messages?status=suppressed").text
    assert "Later" in stopped
    assert "loft 7" in owner.get(OPT_OUTS).text
    refused = owner.post(f"/customers/{sari}/messages/new", data={"channel": "pigeon", "body": "Again", "in_days": "0"})
    assert (refused.status_code, "so this loft gets no messages" in refused.text) == (422, True)
    assert schedule(owner, sari, "By phone", "sms") == 303
    shop.work()
    assert len(post.flown) == 1
    with shop.inside():
        assert shop.status(3) is Status.SENT


def test_what_is_due_for_an_address_that_opted_out_meanwhile_does_not_leave(
    post: PigeonPost, shop: Shop, owner: FlaskClient
) -> None:
    sari = shop.customer(notes="loft 7")
    shop.set(pigeon_ring="ABCD")
    id_ = shop.schedule(sari, channel=PIGEON)
    with shop.inside(), transaction() as session:
        session.add(Suppression(kind="loft", address="loft 7", source="stop"))
    shop.work()
    assert (shop.status(id_), post.flown) == (Status.SUPPRESSED, [])


NAMED = re.compile(
    r"""(?:\bis(?: not)?|==|!=)\s*(?:Channel\.)?(?:SMS|WHATSAPP|EMAIL)\b|[=!]=\s*["'](?:sms|whatsapp)["']"""
)
AT_HOME = ("crm/messages/channels/", "crm/providers/")


def test_no_channel_is_asked_for_by_name_outside_its_module() -> None:
    paths = [*(ROOT / "crm").rglob("*.py"), *(ROOT / "crm" / "templates").rglob("*.html")]
    wrong = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in paths
        if not str(path.relative_to(ROOT)).startswith(AT_HOME)
        for found in NAMED.finditer(path.read_text())
    ]
    assert not wrong


MAILBOX_READERS = {
    "smtp": ("crm.returns.", "crm.senders.domain_check.", "crm.programs.doctor.", "crm.providers.accounts.")
}
"""Who reads the mailbox for returned mail, or signs its address."""
_CHANNEL_USERS = ("crm.messages.channels.", "crm.providers.")
ROOMS = {
    "crm.messages.channels.sms": _CHANNEL_USERS,
    "crm.messages.channels.whatsapp": _CHANNEL_USERS,
    # Letters to users, and the mailbox and the domain of a mail server, are of e-mail alone.
    "crm.messages.channels.email": (*_CHANNEL_USERS, "crm.user_mail.", "crm.returns.", "crm.senders.domain_check."),
    **{
        f"crm.providers.{name}": (f"crm.providers.{name}.", "crm.providers.registry", *MAILBOX_READERS.get(name, ()))
        for name in (
            "console",
            "manual",
            "twilio",
            "whatsapp_cloud",
            "smtp",
            "postmark",
            "mailgun",
            "sendgrid",
            "resend",
        )
    },
}
"""Who may import a channel or a provider."""


@pytest.mark.parametrize(("room", "allowed"), ROOMS.items())
def test_only_its_registry_imports_a_channel_or_provider(room: str, allowed: tuple[str, ...]) -> None:
    assert any(name.startswith(room) for name in modules())
    wrong = [
        str(found)
        for found in imports()
        if (found.target == room or found.target.startswith(f"{room}.")) and not f"{found.module}.".startswith(allowed)
    ]
    assert not wrong
