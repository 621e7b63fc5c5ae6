"""Passes that phones accept: signed as Apple asks, verified by openssl, with the hashes of what is in them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import io
import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from crm.wallets.apple import Certificates, make_pass, read_certificates, sign
from crm.wallets.card import Card, Line
from tests.wallets import authority
from tests.wallets.authority import NOW, PASSWORD, files_of, openssl_accepts, pass_type, wwdr

CARD = Card(
    serial="1-5-f00d",
    organization="Warung Ibu Sari",
    description="Card of Warung Ibu Sari",
    points=1_240,
    points_label="Points",
    points_changed="You have %@ points.",
    lines=(
        Line("tier", "Tier", "Gold"),
        Line("name", "Name", "Siti"),
        Line("next", "Next", "40 · 1 Dec"),
        Line("a", "b", "c"),
    ),
    code="https://crm.example.org/v/0123456789abcdef",
    until=NOW + dt.timedelta(days=730),
)
WEB_SERVICE, TOKEN = "https://crm.example.org/wallets/apple/1", "a" * 43


def certificates(**options: bool) -> Certificates:
    own = pass_type(**options)
    return read_certificates(own.pem, own.key_pem, "", wwdr().pem)


@pytest.mark.parametrize("is_ec", [False, True])
def test_a_pass_is_what_a_phone_accepts(tmp_path: Path, is_ec: bool) -> None:
    files = files_of(make_pass(CARD, certificates(is_ec=is_ec), WEB_SERVICE, TOKEN))

    manifest = json.loads(files["manifest.json"])
    assert manifest == {
        name: hashlib.sha1(data).hexdigest()
        for name, data in files.items()
        if name not in ("manifest.json", "signature")
    }
    assert {"pass.json", "icon.png", "icon@2x.png", "logo.png"} <= manifest.keys()
    assert openssl_accepts(files["manifest.json"], files["signature"], tmp_path)
    shown = json.loads(files["pass.json"])
    assert (shown["passTypeIdentifier"], shown["teamIdentifier"]) == (authority.PASS_TYPE, authority.TEAM)
    assert (shown["formatVersion"], shown["serialNumber"]) == (1, CARD.serial)
    assert shown["barcodes"] == [{"format": "PKBarcodeFormatQR", "message": CARD.code, "messageEncoding": "iso-8859-1"}]
    assert (shown["expirationDate"], shown["voided"]) == ("2028-11-28T12:00:00Z", False)
    assert (shown["webServiceURL"], shown["authenticationToken"]) == (WEB_SERVICE, TOKEN)
    fields = shown["storeCard"]
    assert fields["primaryFields"][0]["value"] == 1_240
    assert [field["value"] for field in fields["secondaryFields"]] == ["Gold", "Siti", "40 · 1 Dec"]
    assert [field["key"] for field in fields["backFields"]] == ["a"]


def test_a_changed_manifest_and_a_stranger_are_refused(tmp_path: Path) -> None:
    files = files_of(make_pass(CARD, certificates(), WEB_SERVICE, TOKEN))
    changed = files["manifest.json"].replace(b'"pass.json": "', b'"pass.json": "0')
    assert changed != files["manifest.json"]
    assert not openssl_accepts(changed, files["signature"], tmp_path)
    assert not openssl_accepts(files["manifest.json"] + b"\n", files["signature"], tmp_path)
    stranger = read_certificates(pass_type(issued_by=2).pem, pass_type(issued_by=2).key_pem, "", wwdr(2).pem)
    assert not openssl_accepts(files["manifest.json"], sign(files["manifest.json"], stranger), tmp_path)


@pytest.mark.parametrize("manifest", [b"{\n}\n", b"{\r\n}\r\n", b"{\r}\n\n", b"{}", b"\n", "{é}\n".encode()])
def test_line_ends_are_signed_as_they_are(tmp_path: Path, manifest: bytes) -> None:
    assert openssl_accepts(manifest, sign(manifest, certificates()), tmp_path)


def test_the_signature_is_detached_and_has_the_time_and_both_certificates(tmp_path: Path) -> None:
    files = files_of(make_pass(CARD, certificates(), WEB_SERVICE, TOKEN))
    (tmp_path / "signature").write_bytes(files["signature"])
    said = subprocess.run(
        ["openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", "signature"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "eContent: <ABSENT>" in said
    assert "signingTime" in said
    assert "sha256" in said
    assert said.count("serialNumber:") >= 3, "two certificates, and the signer's"
    assert authority.PASS_TYPE in said
    assert "Worldwide Developer Relations" in said


def test_images_are_small_and_of_the_sizes_that_wallet_shows() -> None:
    files = files_of(make_pass(CARD, certificates(), WEB_SERVICE, TOKEN))
    sizes = {name: Image.open(io.BytesIO(data)).size for name, data in files.items() if name.endswith(".png")}
    assert sizes["icon.png"] == (29, 29)
    assert sizes["icon@2x.png"] == (58, 58)
    assert sizes["icon@3x.png"] == (87, 87)
    assert sizes["logo.png"][1] <= 50
    assert sum(map(len, files.values())) < 20_000


def test_a_card_of_somebody_who_is_gone_is_voided() -> None:
    voided = dataclasses.replace(CARD, is_voided=True)
    shown = json.loads(files_of(make_pass(voided, certificates(), WEB_SERVICE, TOKEN))["pass.json"])
    assert shown["voided"] is True


def test_certificates_come_in_every_form_that_apple_and_keychain_give() -> None:
    own, other = pass_type(), wwdr()
    for found in (
        read_certificates(own.pem, own.key_pem, "", other.pem),
        read_certificates(own.der, own.key_pem, "", other.der),
        read_certificates(own.pem, own.locked_key, PASSWORD, other.der),
        read_certificates(own.p12, b"", PASSWORD, other.der),
    ):
        assert (found.pass_type, found.team) == (authority.PASS_TYPE, authority.TEAM)
        assert found.problem(NOW) == ""
        assert "PRIVATE" not in repr(found)


def test_what_is_wrong_with_certificates_is_said_by_its_name() -> None:
    own, other = pass_type(), wwdr()
    alien = pass_type(is_ec=True)
    for given, name in (
        ((b"nothing", own.key_pem, "", other.pem), "APPLE_PASS_CERTIFICATE is not a certificate"),
        ((own.pem, b"", "", other.pem), "APPLE_PASS_KEY is missing"),
        ((own.pem, b"nothing", "", other.pem), "APPLE_PASS_KEY is not a key"),
        ((own.pem, alien.key_pem, "", other.pem), "APPLE_PASS_KEY is not the key of"),
        ((own.pem, own.locked_key, "", other.pem), "APPLE_PASS_KEY needs a password"),
        ((own.pem, own.locked_key, "wrong", other.pem), "APPLE_PASS_KEY_PASSWORD"),
        ((own.pem, own.key_pem, "", b"nothing"), "APPLE_WWDR_CERTIFICATE is not a certificate"),
        ((own.pem, own.key_pem, "", own.pem), "APPLE_WWDR_CERTIFICATE is not the one"),
        ((own.pem, own.key_pem, "", wwdr(2).pem), "APPLE_WWDR_CERTIFICATE is not the one"),
        ((own.pem, own.key_pem, PASSWORD, other.pem), "APPLE_PASS_KEY needs no password"),
        ((other.pem, other.key_pem, "", other.pem), "names no pass type"),
        ((own.p12, b"", "wrong", other.pem), "APPLE_PASS_CERTIFICATE"),
    ):
        with pytest.raises(ValueError, match=name):
            read_certificates(*given)


def test_a_certificate_that_has_ended_is_said() -> None:
    own = pass_type(ends=NOW)
    found = read_certificates(own.pem, own.key_pem, "", wwdr().pem)
    assert found.problem(NOW - dt.timedelta(seconds=1)) == ""
    assert "APPLE_PASS_CERTIFICATE has expired on 2026-11-29" in found.problem(NOW)
    assert "not valid before 2020-01-01" in found.problem(dt.datetime(2019, 1, 1, tzinfo=dt.UTC))
